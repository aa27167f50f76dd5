import type { FillMessage } from "../../schema/fill.ts";
import type { RefreshMessage } from "../../schema/refresh.ts";
import type { Fetch, Sleep } from "../upstream/client.ts";

/** The platform's bindings, and the globals that tests replace. */
export interface Platform {
  readonly PAGES: KVNamespace;
  readonly FILES: R2Bucket;
  readonly DB: D1Database;
  readonly FILLS: Queue<FillMessage>;
  readonly REFRESHES: Queue<RefreshMessage>;
  readonly cache: Cache;
  readonly fetch: Fetch;
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits before an upstream is asked again; by default it really waits. */
  readonly sleep?: Sleep;
}

/** Sizes above which a file is handled in another way, in bytes; tests lower them. */
export interface Limits {
  /** Larger files are stored by the queue's consumer. */
  readonly finishAlone: number;
  /** Larger files are written in parts. */
  readonly maxPut: number;
  /** Larger uploads are staged in R2. */
  readonly inMemory?: number;
}
