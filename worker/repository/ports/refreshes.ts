import type { ProjectName } from "../../pypi/name.ts";

/** Why a page is to be fetched anew: the upstream's log of changes says so, or it is asked for often. */
export type RefreshCause = "feed" | "popular";

/** Where pages are left that are to be fetched anew. */
export interface RefreshQueue {
  /**
   * Has these pages checked with the upstream, sooner or later, once or twice; any number of them. Rejects where that cannot
   * be promised of all: some may be queued by then.
   */
  send(names: readonly ProjectName[], cause: RefreshCause): Promise<void>;
}
