import type { Bindings, StorageLimits } from "../storage/stores.ts";
import type { Fetch, Sleep } from "../upstream/client.ts";

/** The platform's bindings, and the globals that tests replace. */
export interface Platform extends Bindings {
  readonly fetch: Fetch;
  /** Waits before an upstream is asked again; by default it really waits. */
  readonly sleep?: Sleep;
}

/** Sizes above which a file is handled in another way, in bytes; tests lower them. */
export interface Limits extends StorageLimits {
  /** Larger files are stored by the queue's consumer. */
  readonly finishAlone: number;
}
