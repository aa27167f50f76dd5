import type { FillMessage } from "../../schema/fill.ts";
import type { MirrorMessage } from "../../schema/mirror.ts";
import type { NoticeMessage } from "../../schema/notify.ts";
import type { RefreshMessage } from "../../schema/refresh.ts";
import type { Database } from "./database.ts";
import type { KeyValue } from "./key-value.ts";
import type { Objects } from "./objects.ts";
import type { MakePipe } from "./pipe.ts";
import type { MessageQueue } from "./queues.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { OpenSpool } from "./spool.ts";

/**
 * All that the worker asks of the platform that it runs on. Cloudflare's bindings are passed as they are; `server/` has
 * the same on one machine. The worker never asks which platform it is on.
 */
export interface Platform extends RequestFacts {
  /** Objects under keys that begin with a prefix of `DURABLE_PREFIXES` are not fetched again; all others can be. */
  readonly objects: Objects;
  readonly keyValue: KeyValue;
  readonly database: Database;
  readonly fills: MessageQueue<FillMessage>;
  readonly refreshes: MessageQueue<RefreshMessage>;
  readonly mirrors: MessageQueue<MirrorMessage>;
  readonly notices: MessageQueue<NoticeMessage>;
  /** Counts requests for what is not stored, by the network that they come from. */
  readonly newFromNetwork: RateLimiter;
  /** Responses by URL, which only this data centre or machine sees. Other deployments may see them, too. */
  readonly cache: ResponseCache;
  /** Tells this deployment from all that share its cache. */
  readonly deployment: string;
  readonly staleness: Staleness;
  readonly fileMemory: FileMemory;
  /** Whether what was read from the stores is worth a copy in `cache`: not where the stores are as near. */
  readonly shareReads: boolean;
  readonly pipe: MakePipe;
  /** Bytes in memory, which never change, as the body of an answer: as they are, where a Response takes them without a copy. */
  readonly bodyOf: BodyOf;
  /**
   * For files that several requests ask for while they are being stored. null where one request cannot read what another
   * one fetches: on Cloudflare, each reads the upstream itself.
   */
  readonly openSpool: OpenSpool | null;
  readonly fetch: Fetch;
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
  /** @param milliseconds at least 0 */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /**
   * Bytes: a larger file than this cannot be stored within a request, because the platform ends a request's work too soon
   * after its client has left.
   */
  readonly finishAlone: number;
  /** How many bytes the stores can take; Infinity where they have no end. Rejects where that cannot be found out. */
  readonly freeBytes: () => Promise<number>;
  /** How many objects are read in an hour and compared with their digests, where the configuration does not say. */
  readonly scrub: number;
  /** What keeps the stores from being used now, in a sentence; undefined where nothing is known. Does not reject. */
  readonly trouble: () => Promise<string | undefined>;
}

/**
 * For how long a read of the database may be reused, by the clocks of all isolates: a change is seen everywhere `reuse` and
 * `skew` after its transaction. Milliseconds.
 */
export interface Staleness {
  /** 0: the database is read each time. */
  readonly reuse: number;
  /** How far two clocks may differ. */
  readonly skew: number;
}

/** The memory that mirrored files may take; hosted ones get half as much again. Bytes. */
export interface FileMemory {
  readonly budget: number;
  /** A larger file is read from the store each time. */
  readonly largest: number;
}

export type BodyOf = (bytes: Uint8Array) => Uint8Array | ReadableStream<Uint8Array>;

/** What a platform knows of a request. */
export interface RequestFacts {
  /** The address that it came from; empty where it is not known. */
  readonly clientAddress: (request: Request) => string;
  /** The `Accept-Encoding` that the client sent, which a proxy may have rewritten; empty where there is none. */
  readonly acceptEncoding: (request: Request) => string;
  /** An id for its answer and its lines in the log, never a text that the client chose. */
  readonly requestId: (request: Request) => string;
}

/**
 * Sends a request to another host, with exactly these headers. No redirect is followed. The answer's body comes decoded by
 * its `Content-Encoding`, but as it was sent with `encodeResponseBody: "manual"`.
 */
export type Fetch = (url: URL, init: FetchInit) => Promise<FetchAnswer>;

/** What the worker reads of another host's answer: a part of `Response`, which costs a machine more than a small answer's bytes. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  /** null where the answer can have none. A body that is not read must be cancelled. */
  readonly body: ReadableStream<Uint8Array> | null;
}

export interface FetchInit {
  readonly method: "GET" | "HEAD" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly redirect: "manual";
  readonly signal?: AbortSignal;
  readonly encodeResponseBody?: "manual";
  /**
   * Whether the platform may answer from the 200 to the same GET, of this moment or of a moment ago. For bytes that a
   * digest verifies, and that are asked for without credentials.
   */
  readonly reuse?: boolean;
}

export type ResponseCache = Pick<Cache, "match" | "put" | "delete">;

/** Keeps work alive that goes on after a request's answer, or after a batch or a cron's run. */
export type Work = Pick<ExecutionContext, "waitUntil">;
