import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { parseConfig } from "../../schema/config.ts";
import type { FillMessage } from "../../schema/fill.ts";
import type { MirrorMessage } from "../../schema/mirror.ts";
import type { NoticeMessage } from "../../schema/notify.ts";
import type { RefreshMessage } from "../../schema/refresh.ts";
import { createApp } from "../../worker/app.ts";
import { onSchedule } from "../../worker/jobs/schedule.ts";
import type { Edge } from "../../worker/repository/ports/maintenance.ts";
import { contextOf } from "../../worker/log/context.ts";
import { timedFetch } from "../../worker/log/upstream-wait.ts";
import { logAs } from "../../worker/log/log.ts";
import type { Layer } from "../../worker/repository/repository.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { compose, type Services, type Limits } from "../../worker/compose/services.ts";
import type { Platform } from "../../worker/platform/platform.ts";
import { counting, type Counts } from "./counting.ts";
import { isOfApi, requireDescribed } from "./described.ts";
import { deliver, FakeQueue } from "./queue.ts";
import { FakeUpstream } from "./upstream.ts";
import { ONE_SOURCE } from "./variables.ts";
import { whole } from "./whole.ts";

export const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

export const ADMIN_TOKEN = "a-token-for-the-tests";

/** A configuration with one index over one upstream. */
export const VARS = { ...ONE_SOURCE, ADMIN_TOKEN };

/** As on Cloudflare: what was read is used for a while, in a data centre that is a new one. */
export const onCloudflare = (): Partial<Platform> => {
  const { staleness, shareReads } = cloudflare(env);
  return { staleness, shareReads, deployment: crypto.randomUUID() };
};

/** The whole worker over real local storage and a fake upstream, with a clock that stands still until it is moved. */
export class Rig {
  readonly upstream = new FakeUpstream();
  /** What was left to the queue and has not been delivered. */
  readonly queue = new FakeQueue<FillMessage>();
  /** What was planned to be refreshed and has not been delivered. */
  readonly refreshes = new FakeQueue<RefreshMessage>();
  readonly mirrors = new FakeQueue<MirrorMessage>();
  readonly notices = new FakeQueue<NoticeMessage>();
  /** Calls of bindings since the last `forget`. */
  readonly counts: Counts = {};
  readonly #broken = new Map<string, number>();
  now = Date.parse("2026-11-22T12:00:00Z");
  /** The cache in front of the worker; a machine of one's own has none. */
  edge: Edge | undefined;
  services: Services;
  readonly #platform: Platform;
  readonly #config;
  readonly #limits: Limits | undefined;
  /** What happens while the worker waits; the clock has been moved on. */
  meanwhile: () => unknown = () => undefined;
  #working: Promise<unknown> = Promise.resolve();
  readonly #sleep: Platform["sleep"] = async (milliseconds) => {
    this.wait(milliseconds);
    const work = Promise.resolve(this.meanwhile());
    this.#working = work.catch(() => undefined);
    await work;
  };
  #app;

  readonly #outermost: Layer | undefined;

  /** @param outermost a layer over each index */
  constructor(
    vars: Record<string, unknown> = {},
    platform: Partial<Platform> = {},
    limits?: Limits,
    outermost?: Layer,
  ) {
    this.#limits = limits;
    this.#outermost = outermost;
    this.#config = parseConfig({
      ...VARS,
      ...vars,
    });
    this.#platform = {
      ...cloudflare(env),
      keyValue: counting(whole(env.PAGES), "kv", this.counts, this.#broken),
      objects: counting(whole(env.FILES), "r2", this.counts, this.#broken),
      database: counting(env.DB, "d1", this.counts, this.#broken),
      fills: this.queue,
      refreshes: this.refreshes,
      mirrors: this.mirrors,
      notices: this.notices,
      cache: counting(caches.default, "cache", this.counts, this.#broken),
      fetch: timedFetch(this.upstream.fetch, () => this.now),
      now: () => this.now,
      // What tests write into the database themselves counts at once, as on one machine.
      staleness: { reuse: 0, skew: 0 },
      shareReads: false,
      // What is tried again is tried at once: nothing here depends on the pauses, and the clock stands still in them.
      sleep: () => Promise.resolve(),
      ...platform,
      ...(platform.objects && { objects: whole(platform.objects) }),
      ...(platform.keyValue && { keyValue: whole(platform.keyValue) }),
    };
    this.services = compose(this.#config, this.#platform, this.#limits, this.#outermost);
    this.#app = this.#routed();
  }

  #routed() {
    return createApp(this.#config, this.services, { ...this.#platform, sleep: this.#sleep });
  }

  /** A new isolate over the same storage: what was in memory is gone. */
  restart(): void {
    this.services = compose(this.#config, this.#platform, this.#limits, this.#outermost);
    this.#app = this.#routed();
  }

  /** The name of the router that has matched a request: Hono chooses one at the first. */
  get router(): string {
    return this.#app.router.name;
  }

  /** The routes of the product, as `METHOD /path`; of what stands before all of them there is none. */
  get routes(): readonly string[] {
    return [...new Set(this.#app.routes.map(({ method, path }) => `${method} ${path}`))];
  }

  /** Lets the next call of this operation of a binding fail, such as `kv.put`, or the `call`th from now on. */
  breakOnce(operation: string, call = 1): void {
    this.#broken.set(operation, call);
  }

  /** Moves the clock on. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Starts counting, and listening to the upstream, anew. */
  forget(): void {
    for (const key of Object.keys(this.counts)) delete this.counts[key];
    this.upstream.requests.length = 0;
  }

  /** One request, without waiting for what it leaves running. */
  async open(path: string, init: RequestInit = {}): Promise<{ response: Response; settled: () => Promise<void> }> {
    const context = createExecutionContext();
    const bindings = { work: context, edge: this.edge };
    const answer = await this.#app.fetch(new Request(`https://edge.test${path}`, init), bindings);
    const response = isOfApi(path) ? await this.#described(path, init, answer) : answer;
    return { response, settled: () => this.#settle(context) };
  }

  /** Holds an exchange with the API against its description. What comes in lines or as bytes is left to be read as it comes. */
  async #described(path: string, { method = "GET", body }: RequestInit, answer: Response): Promise<Response> {
    const { status } = answer;
    const type = answer.headers.get("Content-Type") ?? "";
    const sent = body === undefined || body === null ? "" : typeof body === "string" ? body : undefined;
    const isRead = /\bjson\b/.test(type) && answer.body !== null;
    const got = isRead ? await answer.text() : undefined;
    requireDescribed({ method, path, sent, status, type, got });
    return isRead ? new Response(got, answer) : answer;
  }

  /** What a test leaves running would write into the next one's storage. */
  async #settle(context: ExecutionContext): Promise<void> {
    await this.#working;
    await waitOnExecutionContext(context);
  }

  /** One request, its body read and all deferred work done. */
  async get(path: string, headers: Record<string, string> = {}, method = "GET") {
    const { response, settled } = await this.open(path, { method, headers });
    return this.#read(path, { method }, response, settled);
  }

  /** Delivers to the consumer what is in the queue, or these messages; what is to come again does not go back into it. */
  deliver(messages: readonly unknown[] = this.queue.messages.splice(0), attempts = 1) {
    return deliver("pypi-edge-fills", messages, this.services, this.now, attempts);
  }

  /** The same of what is to be refreshed. */
  deliverRefreshes(messages: readonly unknown[] = this.refreshes.messages.splice(0), attempts = 1) {
    return deliver("pypi-edge-refreshes", messages, this.services, this.now, attempts);
  }

  /** The same of mirrors that have something to do, and of the messages that are sent meanwhile. */
  async deliverMirrors(): Promise<void> {
    for (
      let messages = this.mirrors.messages.splice(0);
      messages.length > 0;
      messages = this.mirrors.messages.splice(0)
    ) {
      await deliver("pypi-edge-mirrors", messages, this.services, this.now);
    }
  }

  /** The same of what receivers are told. */
  deliverNotices(messages: readonly unknown[] = this.notices.messages.splice(0), attempts = 1) {
    return deliver("pypi-edge-notices", messages, this.services, this.now, attempts);
  }

  /** One request to the admin's API, its body read and all deferred work done. */
  async post(path: string, body: BodyInit = "", headers: Record<string, string> = {}) {
    const init = { method: "POST", body, headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, ...headers } };
    const { response, settled } = await this.open(`/-/api/${path}`, init);
    return this.#read(`/-/api/${path}`, init, response, settled);
  }

  async #read(path: string, { method = "GET" }: RequestInit, response: Response, settled: () => Promise<void>) {
    const { status, headers } = response;
    const body = new Uint8Array(await response.arrayBuffer());
    await settled();
    const text = () => new TextDecoder().decode(body);
    const type = headers.get("Content-Type") ?? "";
    if (isOfApi(path) && type === "application/x-ndjson") {
      requireDescribed({ method, path, sent: undefined, status, type, got: text() });
    }
    return { status, headers, body, text };
  }

  /** What the clock starts at this expression, all deferred work done. */
  async tick(cron: string): Promise<void> {
    const work = createExecutionContext();
    await onSchedule(
      cron,
      { ...this.services, edge: this.edge },
      contextOf(this.now, work, this.services.counters, logAs("text")),
    );
    await waitOnExecutionContext(work);
  }

  /** A page as JSON, parsed. */
  async page(project: string) {
    const answer = await this.get(`/simple/${project}/`, { Accept: JSON_TYPE });
    return { ...answer, json: answer.status === 200 ? (JSON.parse(answer.text()) as PageJson) : undefined };
  }
}

/** A PEP 691 page as a client reads it. */
export interface PageJson {
  readonly meta: Record<string, unknown>;
  readonly name: string;
  readonly versions?: string[];
  readonly files: Record<string, unknown>[];
}

/** A file of a project, as the path that its page leads to. */
export const filePath = (filename: string) => `/files/files.upstream.test/packages/${encodeURIComponent(filename)}`;
