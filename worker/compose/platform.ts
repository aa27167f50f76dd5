import type { FillMessage } from "../../schema/fill.ts";
import type { RefreshMessage } from "../../schema/refresh.ts";
import type { Fetch, Sleep } from "../upstream/client.ts";

/** What a stack stands on: the platform's bindings, and its globals that tests replace. */
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
  /** Lets time pass before an upstream is asked again; left out, it does. */
  readonly sleep?: Sleep;
}

/** The sizes from which on a file goes another way, in bytes; tests lower them. */
export interface Limits {
  /** Larger files are stored by the queue's consumer. */
  readonly finishAlone: number;
  /** Larger files go up in parts. */
  readonly maxPut: number;
  /** Larger uploads are staged in the store. */
  readonly inMemory?: number;
}
