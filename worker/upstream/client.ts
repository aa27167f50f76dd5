import { canBeAbsence } from "../../schema/upstreams.ts";
import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { base64 } from "../pypi/base64.ts";
import { isPublic } from "../pypi/host.ts";
import { LATE, within } from "../repository/timeout.ts";
import type { Counted } from "../repository/ports/counters.ts";
import { Circuits } from "./circuit.ts";
import { retryAfterOf } from "./retry-after.ts";

/** From request to response header, retries and redirects included. Milliseconds. */
const HEADER_DEADLINE = 8_000;

/** A page's transfer after that: together less than the 15 s after which pip gives up on us. Milliseconds. */
const BODY_DEADLINE = 6_000;

/** Before the first try and each retry, more or less by half: not all isolates at once. Milliseconds. */
const PAUSES = [0, 100, 300];

/** Statuses that are worth a retry: what is wrong may have passed. */
const PASSING = new Set([500, 502, 503, 504]);

/** More is refused: a page is parsed in an isolate of 128 MB. PyPI's largest have a few MB. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

const MAX_REDIRECTS = 5;

/** Some indexes refuse those who do not say who they are. */
const USER_AGENT = "pypi-edge";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What says that there is nothing here that takes a POST. */
const TAKES_NONE = new Set([404, 405, 410, 501]);

/** What the platform's `fetch` is to us, so that a test can stand in for the whole outside. */
export type Fetch = (request: Request, init?: RequestInit) => Promise<Response>;

/** Only beside a request does the platform heed it: in one, it is lost. */
const UNDECODED: RequestInit = { encodeResponseBody: "manual" };

/** Told how a request went, as far as its answer's head says: what the body turns out to be is for those who read it. */
export type CountOutcome = (outcome: Counted["upstreamRequests"]["outcome"]) => void;

/** Lets so many milliseconds pass. */
export type Sleep = (milliseconds: number) => Promise<void>;

const passing: Sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a request asks for. */
interface Init {
  readonly method?: "GET" | "HEAD";
  readonly headers: Record<string, string>;
  readonly redirect?: "manual";
  /** The body is wanted as it was sent: the platform would decode what a `Content-Encoding` says. */
  readonly undecoded?: boolean;
  /** Whether what is asked for is something that the upstream may say to lack in a way of its own (`absent`). */
  readonly mayBeAbsent?: boolean;
}

interface ClientOptions {
  /** Lets so many milliseconds pass; by default as the platform does. */
  readonly sleep?: Sleep | undefined;
  readonly credentials?: string | undefined;
  readonly count?: CountOutcome;
  /** Whether redirects are followed; left out, they are. */
  readonly redirects?: boolean;
  /** Statuses by which it says that it lacks a project or a document, beside 404 and 410. */
  readonly absent?: readonly number[] | undefined;
}

/** What says everywhere that there is nothing (RFC 9110). */
const ABSENT: readonly number[] = [404, 410];

/** An answer and the URL that gave it, after redirects: relative links are relative to that. */
export interface UpstreamAnswer {
  readonly url: URL;
  readonly response: Response;
}

/**
 * The only caller of `fetch`. Every failure to get an answer, and every answer that is neither success nor absence, is
 * thrown as `upstream-failed` with its reason.
 */
export class UpstreamClient {
  readonly #fetch: Fetch;
  readonly #index: URL;
  readonly #now: () => number;
  readonly #authorization: string | undefined;
  readonly #count: CountOutcome;
  readonly #sleep: Sleep;
  readonly #redirects: boolean;
  readonly #absent: readonly number[];
  readonly #circuits = new Circuits();

  /**
   * @param index the upstream's Simple API root: says which addresses it may send us to
   * @param now milliseconds since the epoch: how long something took is no matter of when a request came
   * @param options `credentials`, `user:password`, are for the upstream's own origin alone: its files may lie with others;
   *   `count` is told how each `open` went
   */
  constructor(fetch: Fetch, index: URL, now: () => number, options: ClientOptions = {}) {
    const { absent, credentials, count, redirects, sleep } = options;
    this.#fetch = fetch;
    this.#index = index;
    this.#now = now;
    // RFC 7617 leaves the encoding open; UTF-8 is what servers expect.
    this.#authorization = credentials && `Basic ${base64(credentials)}`;
    this.#count = count ?? (() => undefined);
    this.#sleep = sleep ?? passing;
    this.#redirects = redirects ?? true;
    this.#absent = [...ABSENT, ...(absent ?? [])];
  }

  /**
   * Whether a URL that the upstream gave may be fetched: https, or http where the upstream itself is http; and never a
   * address that is not public from a public upstream, which would make us a way into the network we run in.
   */
  mayFetch(url: URL): boolean {
    if (url.protocol !== "https:" && !(url.protocol === "http:" && this.#index.protocol === "http:")) return false;
    return isPublic(url.hostname) || !isPublic(this.#index.hostname);
  }

  /**
   * A 200, 206 or 304 with its body unread, or null for 404 and 410, and for the upstream's own `absent` where `init` says
   * that they count. Redirects are followed by hand, since each hop must be one that may be fetched; where they end in absence
   * it is the upstream's, which has sent us there. Throws `upstream-failed` for all else.
   */
  open(start: URL, init: Init): Promise<UpstreamAnswer | null> {
    return this.#counted(this.#follow(start, init));
  }

  /**
   * A 200 to a POST with its body unread, or null where nothing takes one (404, 405, 410, 501). It is sent once, to this
   * address, whatever becomes of it: neither retried nor redirected, and pages of the same host neither suffer from its
   * failure nor keep it from being tried. Throws `upstream-failed` for all else.
   */
  post(url: URL, headers: Record<string, string>, body: string): Promise<UpstreamAnswer | null> {
    return this.#counted(this.#send(url, headers, body));
  }

  async #counted(asked: Promise<UpstreamAnswer | null>): Promise<UpstreamAnswer | null> {
    try {
      const answer = await asked;
      this.#count(answer === null ? "absent" : answer.response.status === 304 ? "unchanged" : "ok");
      return answer;
    } catch (error) {
      this.#count("failed");
      throw error;
    }
  }

  async #send(url: URL, headers: Record<string, string>, body: string): Promise<UpstreamAnswer | null> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), HEADER_DEADLINE);
    const init = { method: "POST", body, redirect: "manual", signal: abort.signal } as const;
    try {
      const response = await this.#fetch(new Request(url, { ...init, headers: { ...this.#own(url), ...headers } }));
      if (response.status === 200) return { url, response };
      await response.body?.cancel();
      if (TAKES_NONE.has(response.status)) return null;
      throw this.#refused(url, response);
    } catch (error) {
      if (isUpstreamFailure(error)) throw error;
      throw upstreamFailed(url.host, abort.signal.aborted ? silent(HEADER_DEADLINE) : connectionReason(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** What an answer that is none comes to. */
  #refused({ host }: URL, response: Response, mayBeAbsent = false) {
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
        const response = await this.#ask(url, { ...init, redirect: "manual", signal: abort.signal }, patience);
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
   * One answer, asked for up to three times where there is none or it is one that passes (5xx). A host that cannot be
   * reached is then left alone for a while; one that merely answers 5xx is not, since that may be about one page only.
   */
  async #ask(url: URL, init: Init & { readonly signal: AbortSignal }, patience: number): Promise<Response> {
    const { host } = url;
    const refusal = this.#circuits.refusal(host, this.#now());
    if (refusal !== undefined) throw upstreamFailed(host, `${refusal}, a moment ago`);
    let last: Response | undefined;
    let reason = "";
    for (const pause of PAUSES) {
      if (pause > 0) await this.#sleep(pause * (0.5 + Math.random()));
      try {
        const request = new Request(url, { ...init, headers: { ...this.#own(url), ...init.headers } });
        last = await this.#fetch(request, init.undecoded ? UNDECODED : undefined);
        if (!PASSING.has(last.status)) break;
        await last.body?.cancel();
      } catch (error) {
        last = undefined;
        reason = init.signal.aborted ? silent(patience) : connectionReason(error);
        if (init.signal.aborted) break;
      }
    }
    if (last) {
      this.#circuits.succeeded(host);
      return last;
    }
    this.#circuits.failed(host, reason, this.#now());
    throw upstreamFailed(host, reason);
  }

  /** The headers that say who asks. */
  #own(url: URL): Record<string, string> {
    const authorized = this.#authorization !== undefined && url.origin === this.#index.origin;
    return { "User-Agent": USER_AGENT, ...(authorized && { Authorization: this.#authorization }) };
  }

  #redirected(from: URL, location: string | null): URL {
    const to = location === null ? null : URL.parse(location, from);
    if (to) to.username = to.password = "";
    if (to && this.mayFetch(to)) return to;
    throw upstreamFailed(from.host, `it redirects to ${to ? to.origin : "nowhere"}, which may not be fetched`);
  }

  /** The same as `bytes`, decoded as UTF-8. */
  async text(answer: UpstreamAnswer, limit?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(answer, limit));
  }

  /**
   * An answer's whole body, of bounded size (`limit` bytes) and time. Throws `upstream-failed` where it is cut, late, or too
   * large; a host that hangs in the middle is left alone like one that does not answer.
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
 * What `read` makes of an answer's body, in a bounded time; the rest of it is given up. Throws where it is late.
 *
 * @param ms milliseconds
 */
export async function readInTime<T>(
  { body }: Response,
  ms: number,
  read: (reader: ReadableStreamDefaultReader<Uint8Array>) => Promise<T>,
): Promise<T> {
  const reader = ((body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>).getReader();
  try {
    const outcome = await within(ms, read(reader));
    if (outcome === LATE) throw new LateBody(ms);
    return outcome;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A body did not arrive in time. */
class LateBody extends Error {
  constructor(ms: number) {
    super(`its answer took longer than ${ms / 1_000} s`);
  }
}

const silent = (ms: number) => `no answer within ${ms / 1_000} s`;

/** Why no connection could be made or kept, in words for a person: the runtime's own say too little, or too much. */
function connectionReason(error: unknown): string {
  const message = messageOf(error);
  if (message.startsWith("internal error"))
    return "no connection could be made; perhaps its name does not resolve here";
  return message.startsWith("Network connection lost") ? "the connection was refused or lost" : message;
}

/** Whether a status is one that the request's headers allow: nobody asked for another's part or for "not modified". */
function isAnswer(status: number, headers: Record<string, string>): boolean {
  if (status === 206) return "Range" in headers;
  if (status === 304) return "If-None-Match" in headers || "If-Modified-Since" in headers;
  return status === 200;
}

function reasonFor(status: number, mayBeAbsent: boolean): string {
  if (REDIRECTS.has(status)) return "it redirects what may not be sent elsewhere";
  const wantsCredentials = status === 401 || status === 403;
  const advice = [
    ...(wantsCredentials ? ["check its credentials in the configuration"] : []),
    ...(mayBeAbsent && canBeAbsence(status)
      ? [`if this is how it says that it does not have a project, add absent = [${status}] to it in UPSTREAMS`]
      : []),
  ];
  return `it answered ${status}${advice.length > 0 ? ": " : ""}${advice.join("; ")}`;
}

async function readBytes(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > limit) throw new Error(`its answer is larger than ${limit / 1024 / 1024} MiB`);
    chunks.push(value);
  }
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
