import type { ProjectName } from "../../pypi/name.ts";

/**
 * Why a page is refreshed: the change log names it, or clients ask for it often. `verify`: its files' provenance is
 * verified, and the page made anew with what came of it.
 */
export type RefreshCause = "feed" | "popular" | "verify";

/** The queue of pages to refresh. */
export interface RefreshQueue {
  /**
   * Queues these pages, any number of them, to be revalidated once or twice at some later time. Rejects where not all
   * could be queued; some may have been.
   */
  send(names: readonly ProjectName[], cause: RefreshCause): Promise<void>;
}
