import { canBeAbsence } from "../../schema/upstreams.ts";
import { SECOND, inSeconds } from "../duration.ts";
import { connectionReason, isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import type { Fetch, FetchAnswer, FetchInit, Platform } from "../platform/platform.ts";
import { base64 } from "../pypi/encode.ts";
import { isPublic } from "../pypi/host.ts";
import { TIMED_OUT, within } from "../repository/timeout.ts";
import type { Counted } from "../repository/ports/counters.ts";
import { Circuits } from "./circuit.ts";
import { Pauses } from "./pauses.ts";
import { readBytes } from "./read-bytes.ts";
import { retryAfterOf } from "./retry-after.ts";

/** From request to response header, retries and redirects included. Milliseconds. */
const HEADER_DEADLINE = 8 * SECOND;

/** For a page's body after that. Both together are less than pip's timeout of 15 s. Milliseconds. */
const BODY_DEADLINE = 6 * SECOND;

/** Pauses before the first try and each retry; ±50% at random, so that isolates do not retry all at once. Milliseconds. */
const PAUSES = [0, 100, 300];

/** Statuses that are retried, since the fault may be temporary. */
const TEMPORARY = new Set([500, 502, 503, 504]);

/** A larger page is refused: an isolate that parses it has 128 MB of memory. PyPI's largest pages have a few MB. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

const MAX_REDIRECTS = 5;

/** Some indexes refuse requests without a User-Agent. */
const USER_AGENT = "pypi-edge";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Statuses that say that nothing at this address accepts a POST. */
const WITHOUT_POST = new Set([404, 405, 410, 501]);

/** Counts the outcome of a request, as its status shows it, and how long it took until then. Failures while the body is read are not counted here. */
export type CountOutcome = (outcome: Counted["upstreamRequests"]["outcome"], seconds: number) => void;

const timeout: Platform["sleep"] = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Init {
  readonly method?: "GET" | "HEAD";
  readonly headers: Record<string, string>;
  /** Whether the body is returned as it was sent: without this, the platform decodes it by its `Content-Encoding`. */
  readonly undecoded?: boolean;
  /** Whether a digest will verify the body: the platform may then give it from the same request of a moment ago. */
  readonly verified?: boolean;
  /** Whether the upstream's configured `absent` statuses mean "does not exist" for this request. */
  readonly mayBeAbsent?: boolean;
}

interface ClientOptions {
  /** `setTimeout` by default. */
  readonly sleep?: Platform["sleep"];
  /** `user:password`, sent to the upstream's own origin only: its files may be on other hosts. */
  readonly credentials?: string | undefined;
  /** Called with the outcome of each `open` and `post`. */
  readonly count?: CountOutcome;
  /** Whether redirects are followed; true by default. */
  readonly redirects?: boolean;
  /** Statuses, beside 404 and 410, with which the upstream says that it does not have a project or a document. */
  readonly absent?: readonly number[] | undefined;
}

/** Statuses that mean absence at every upstream (RFC 9110). */
const ABSENT: readonly number[] = [404, 410];

/** An answer and its URL after redirects, which relative links in it are resolved against. */
export interface UpstreamAnswer {
  readonly url: URL;
  readonly response: FetchAnswer;
}

/**
 * All requests to other hosts go through this class. Throws `upstream-failed` with the reason where there is no answer, or one
 * that is neither success nor absence.
 */
export class UpstreamClient {
  readonly #fetch: Fetch;
  readonly #index: URL;
  readonly #now: () => number;
  readonly #authorization: string | undefined;
  readonly #count: CountOutcome;
  readonly #sleep: Platform["sleep"];
  readonly #redirects: boolean;
  readonly #absent: readonly number[];
  readonly #circuits = new Circuits();
  readonly #pauses = new Pauses();
  /** What `mayFetch` was asked last, and its answer. */
  #asked: { readonly protocol: string; readonly hostname: string; readonly mayFetch: boolean } | undefined;

  /**
   * @param index the upstream's Simple API root; it decides which addresses may be fetched (see `mayFetch`)
   * @param now milliseconds since the epoch; a clock that runs on during a request, so that durations can be measured
   */
  constructor(fetch: Fetch, index: URL, now: () => number, options: ClientOptions = {}) {
    const { absent, credentials, count, redirects, sleep } = options;
    this.#fetch = fetch;
    this.#index = index;
    this.#now = now;
    // RFC 7617 leaves the encoding open; UTF-8 is what servers expect.
    this.#authorization = credentials && `Basic ${base64(credentials)}`;
    this.#count = count ?? (() => undefined);
    this.#sleep = sleep ?? timeout;
    this.#redirects = redirects ?? true;
    this.#absent = [...ABSENT, ...(absent ?? [])];
  }

  /** Whether the upstream did not answer when it was last asked. Asks nothing. */
  isAway(): boolean {
    return this.#circuits.isFailing(this.#index.host);
  }

  /**
   * Whether a URL that the upstream gave may be fetched: https, or http where the upstream itself is http. A public upstream
   * must not send us to an address that is not public: it could read from the network that pypi-edge runs in (SSRF).
   */
  mayFetch({ protocol, hostname }: URL): boolean {
    const asked = this.#asked;
    // A page has thousands of files, mostly at one host.
    if (asked?.protocol === protocol && asked.hostname === hostname) return asked.mayFetch;
    const isSecure = protocol === "https:" || (protocol === "http:" && this.#index.protocol === "http:");
    const mayFetch = isSecure && (isPublic(hostname) || !isPublic(this.#index.hostname));
    this.#asked = { protocol, hostname, mayFetch };
    return mayFetch;
  }

  /**
   * Returns a 200, 206 or 304 with its body unread; or null for 404 and 410, and for the upstream's `absent` statuses where
   * `init.mayBeAbsent`. Redirects are followed by hand, since each target is checked with `mayFetch`; absence at the last
   * target counts as the upstream's. Throws `upstream-failed` for every other answer and for none.
   */
  open(start: URL, init: Init): Promise<UpstreamAnswer | null> {
    return this.#counted(this.#follow(start, init));
  }

  /**
   * Returns the 200 to a POST with its body unread; or null where nothing accepts one (404, 405, 410, 501). The request is sent
   * once: neither retried nor redirected. It does not use the host's circuit: its failure does not stop requests for pages, nor
   * theirs this one. Throws `upstream-failed` for every other answer and for none.
   */
  post(url: URL, headers: Record<string, string>, body: string): Promise<UpstreamAnswer | null> {
    return this.#counted(this.#send(url, headers, body));
  }

  async #counted(asked: Promise<UpstreamAnswer | null>): Promise<UpstreamAnswer | null> {
    const began = this.#now();
    const seconds = () => Math.max(0, inSeconds(this.#now() - began));
    try {
      const answer = await asked;
      this.#count(answer === null ? "absent" : answer.response.status === 304 ? "unchanged" : "ok", seconds());
      return answer;
    } catch (error) {
      this.#count("failed", seconds());
      throw error;
    }
  }

  async #send(url: URL, headers: Record<string, string>, body: string): Promise<UpstreamAnswer | null> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), HEADER_DEADLINE);
    const init = { method: "POST", body, redirect: "manual", signal: abort.signal } as const;
    try {
      const response = await this.#fetch(url, { ...init, headers: { ...this.#own(url), ...headers } });
      if (response.status === 200) return { url, response };
      await response.body?.cancel();
      if (WITHOUT_POST.has(response.status)) return null;
      throw this.#refused(url, response);
    } catch (error) {
      if (isUpstreamFailure(error)) throw error;
      throw upstreamFailed(url.host, abort.signal.aborted ? silent(HEADER_DEADLINE) : connectionReason(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** The error for an answer that is neither success nor absence. */
  #refused({ host }: URL, response: FetchAnswer, mayBeAbsent = false) {
    const { status } = response;
    const retryAfterSeconds = retryAfterOf(response, this.#now());
    return upstreamFailed(host, reasonFor(status, mayBeAbsent), undefined, retryAfterSeconds, status);
  }

  async #follow(start: URL, init: Init): Promise<UpstreamAnswer | null> {
    const abort = new AbortController();
    const patience = this.#circuits.patience(start.host, HEADER_DEADLINE);
    const timer = setTimeout(() => abort.abort(), patience);
    let url = start;
    try {
      for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
        const response = await this.#ask(url, init, abort.signal, patience);
        if (isAnswer(response.status, init.headers)) return { url, response };
        await response.body?.cancel();
        if ((init.mayBeAbsent ? this.#absent : ABSENT).includes(response.status)) return null;
        if (!REDIRECTS.has(response.status) || !this.#redirects) throw this.#refused(url, response, init.mayBeAbsent);
        url = this.#redirected(url, response.headers.get("Location"));
      }
      throw upstreamFailed(start.host, `it redirects more than ${MAX_REDIRECTS} times`);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends one request, up to three times where there is no answer or a temporary one (5xx). A host that cannot be reached is then
   * not asked for a while (see `Circuits`), and neither is one that asks for a pause (see `Pauses`). A host that answers 5xx still
   * is, since that may concern one page only.
   */
  async #ask(url: URL, init: Init, signal: AbortSignal, patience: number): Promise<FetchAnswer> {
    const { host } = url;
    const refusal = this.#circuits.refusal(host, this.#now());
    if (refusal !== undefined) throw upstreamFailed(host, `${refusal}, a moment ago`);
    const left = this.#pauses.left(host, this.#now());
    if (left > 0) throw upstreamFailed(host, "it answered 429, a moment ago", undefined, left, 429);
    const headers: Record<string, string> = { ...this.#own(url), ...init.headers };
    const request: FetchInit = {
      method: init.method ?? "GET",
      headers,
      redirect: "manual",
      signal,
      ...(init.undecoded && { encodeResponseBody: "manual" }),
      ...(init.verified && headers["Authorization"] === undefined && { reuse: true }),
    };
    let last: FetchAnswer | undefined;
    let reason = "";
    for (const pause of PAUSES) {
      if (pause > 0) await this.#sleep(pause * (0.5 + Math.random()));
      try {
        last = await this.#fetch(url, request);
        if (!TEMPORARY.has(last.status)) break;
        await last.body?.cancel();
      } catch (error) {
        last = undefined;
        reason = signal.aborted ? silent(patience) : connectionReason(error);
        if (signal.aborted) break;
      }
    }
    if (last) {
      this.#circuits.succeeded(host);
      this.#pauses.heed(host, last, this.#now());
      return last;
    }
    this.#circuits.failed(host, reason, this.#now());
    throw upstreamFailed(host, reason);
  }

  /** User-Agent, and the credentials where the URL has the upstream's origin. */
  #own(url: URL): Record<string, string> {
    const authorized = this.#authorization !== undefined && url.origin === this.#index.origin;
    return { "User-Agent": USER_AGENT, ...(authorized && { Authorization: this.#authorization }) };
  }

  #redirected(from: URL, location: string | null): URL {
    const to = location === null ? null : URL.parse(location, from);
    if (to) to.username = to.password = "";
    if (to && this.mayFetch(to)) return to;
    throw upstreamFailed(
      from.host,
      `it redirects to ${to ? `${to.protocol}//${to.host}` : "nowhere"}, which may not be fetched`,
    );
  }

  /** The same as `bytes`, decoded as UTF-8. */
  async text(answer: UpstreamAnswer, limit?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(answer, limit));
  }

  /**
   * An answer's whole body. Throws `upstream-failed` where it is cut off, late, or larger than `limit` bytes. A host that
   * hangs in the middle of a body is not asked for a while, like one that does not answer.
   */
  async bytes({ url, response }: UpstreamAnswer, limit = MAX_PAGE_BYTES): Promise<Uint8Array> {
    try {
      return await readInTime(response, BODY_DEADLINE, (reader) => readBytes(reader, limit));
    } catch (error) {
      if (error instanceof LateBody) this.#circuits.failed(url.host, error.message, this.#now());
      throw upstreamFailed(url.host, messageOf(error), error);
    }
  }
}

/**
 * Returns what `read` makes of an answer's body, and cancels the rest of the body. Throws where `read` takes longer than `ms`
 * milliseconds.
 */
export async function readInTime<T>(
  { body }: FetchAnswer,
  ms: number,
  read: (reader: ReadableStreamDefaultReader<Uint8Array>) => Promise<T>,
): Promise<T> {
  const reader = (body ?? (new Blob([]).stream() as ReadableStream<Uint8Array>)).getReader();
  try {
    const outcome = await within(ms, read(reader));
    if (outcome === TIMED_OUT) throw new LateBody(ms);
    return outcome;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A body did not arrive in time. */
class LateBody extends Error {
  constructor(ms: number) {
    super(`its answer took longer than ${inSeconds(ms)} s`);
  }
}

const silent = (ms: number) => `no answer within ${inSeconds(ms)} s`;

/** Whether a status is a success that the request's headers allow: 206 needs a `Range`, 304 a condition. */
function isAnswer(status: number, headers: Record<string, string>): boolean {
  if (status === 206) return "Range" in headers;
  if (status === 304) return "If-None-Match" in headers || "If-Modified-Since" in headers;
  return status === 200;
}

function reasonFor(status: number, mayBeAbsent: boolean): string {
  if (REDIRECTS.has(status)) return "it answered with a redirect, which is not followed for this request";
  const wantsCredentials = status === 401 || status === 403;
  const advice = [
    ...(wantsCredentials ? ["check its credentials in the configuration"] : []),
    ...(mayBeAbsent && canBeAbsence(status)
      ? [`if this is how it says that it does not have a project, add absent = [${status}] to it in UPSTREAMS`]
      : []),
  ];
  return `it answered ${status}${advice.length > 0 ? ": " : ""}${advice.join("; ")}`;
}
