import type { DatabaseSync } from "node:sqlite";
import { accountRoutes } from "./account-routes.ts";
import { Refused, type ApiCall, type Refusal } from "./route.ts";
import { wranglerRoutes } from "./wrangler-routes.ts";

/** A worker as it is deployed. */
export interface FakeWorker {
  bindings: Record<string, unknown>[];
  readonly secrets: Record<string, string>;
  crons: string[];
}

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const API_TOKEN = "token-of-the-owner";

interface ToApi {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | null;
  readonly body: unknown;
}

/** Cloudflare's API with one account, as far as a deployment asks it. Each database is SQLite in memory. */
export class FakeAccount {
  readonly calls: ApiCall[] = [];
  readonly namespaces = new Map<string, string>();
  readonly buckets = new Map<string, string | undefined>();
  readonly databases = new Map<
    string,
    { readonly name: string; readonly location?: string; readonly db: DatabaseSync }
  >();
  readonly queues = new Map<string, string>();
  /** The worker that reads a queue, by the queue's id. */
  readonly consumers = new Map<string, { consumer_id: string; script: string; settings: unknown }>();
  readonly workers = new Map<string, FakeWorker>();
  readonly domains = new Map<string, string>();
  readonly zones = new Map([["example.com", "zone-1"]]);
  subdomain: string | undefined = "acme";
  plan = "workers_paid";
  /** Refuses a request; its number counts from 0. */
  refuse: (call: ApiCall, number: number) => Refusal | undefined = () => undefined;
  /** What no handler knows, which is a defect of the test. */
  readonly unknown: string[] = [];
  #ids = 0;

  /** What the account has, without ids: two deployments that differ in this differ for their clients. */
  contents() {
    return {
      namespaces: [...this.namespaces.values()],
      buckets: [...this.buckets.keys()],
      databases: [...this.databases.values()].map(({ name }) => name),
      queues: [...this.queues.values()],
      read: [...this.consumers].map(([queue, { script }]) => `${this.queues.get(queue)} by ${script}`).toSorted(),
      migrations: [...this.databases.values()].map(
        ({ db }) => db.prepare("SELECT count(*) AS n FROM d1_migrations").get()?.["n"],
      ),
      workers: [...this.workers].map(([name, { bindings, secrets, crons }]) => ({
        name,
        bindings: bindings.map((each) => String(each["name"])).toSorted(),
        secrets: Object.keys(secrets).toSorted(),
        crons,
      })),
      domains: [...this.domains],
    };
  }

  /** Deploys a worker, as an upload does. */
  deploy(name: string, bindings: Record<string, unknown>[]): void {
    const secrets = { ...this.workers.get(name)?.secrets };
    for (const { type, name: secret, text } of bindings)
      if (type === "secret_text" && typeof text === "string") secrets[String(secret)] = text;
    const before = this.workers.get(name)?.bindings ?? [];
    const others = bindings.flatMap((each) => {
      if (each["type"] === "secret_text") return [];
      return each["type"] === "inherit" ? before.filter((old) => old["name"] === each["name"]) : [each];
    });
    this.workers.set(name, { bindings: others, secrets, crons: this.workers.get(name)?.crons ?? [] });
  }

  /** The worker of this name. Refuses the request where there is none, with the code that Cloudflare has for that. */
  demandWorker(name: string, code = 10_007): FakeWorker {
    const worker = this.workers.get(name);
    if (!worker) throw new Refused(404, code, "This Worker does not exist on your account.");
    return worker;
  }

  readonly #routes = [...accountRoutes(this), ...wranglerRoutes(this)];

  /** Takes the place of `fetch`. */
  readonly fetch = (input: string, { method = "GET", headers, body }: RequestInit = {}): Promise<Response> => {
    const { status, json } = this.answer({
      method,
      url: new URL(input),
      authorization: new Headers(headers).get("Authorization"),
      body: typeof body === "string" ? (JSON.parse(body) as unknown) : undefined,
    });
    return Promise.resolve(Response.json(json, { status }));
  };

  /** Answers a request. */
  answer({ method, url, authorization, body }: ToApi): { readonly status: number; readonly json: unknown } {
    const path = url.pathname.replace(`/client/v4/accounts/${ACCOUNT}/`, "").replace("/client/v4", "");
    const call = { method, path };
    this.calls.push(call);
    try {
      const refusal = this.refuse(call, this.calls.length - 1);
      if (refusal) throw new Refused(refusal.status, refusal.code, refusal.message);
      if (authorization !== `Bearer ${API_TOKEN}`) throw new Refused(401, 10_000, "Authentication error");
      return { status: 200, json: { success: true, errors: [], messages: [], result: this.#handle(call, body, url) } };
    } catch (error) {
      const { status, code, message } =
        error instanceof Refused ? error.refusal : { status: 500, code: 7_500, message: String(error) };
      return { status, json: { success: false, errors: [{ code, message }], messages: [], result: null } };
    }
  }

  #handle(call: ApiCall, body: unknown, url: URL): unknown {
    for (const [method, pattern, handler] of this.#routes) {
      const match = method === call.method ? pattern.exec(call.path) : null;
      if (match) return handler(match, body as never, url);
    }
    this.unknown.push(`${call.method} ${call.path}`);
    throw new Refused(404, 7_003, `No route for ${call.method} ${call.path}`);
  }

  consumersOf(id: string) {
    const consumer = this.consumers.get(id);
    return { consumers: consumer ? [{ ...consumer, type: "worker" }] : [] };
  }

  demandNew(names: readonly string[], name: string): void {
    if (names.includes(name)) throw new Refused(400, 10_014, `${name} exists already.`);
  }

  newId = () => `id-${++this.#ids}`;
}
