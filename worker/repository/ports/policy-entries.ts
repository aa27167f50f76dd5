import type { PolicyEntry } from "../../pypi/policy-entry.ts";
import type { Context } from "../context.ts";
import type { NowOrLater } from "../now-or-later.ts";

/**
 * The entries of an index's lists, with every change that was answered before the call; the same array as long as
 * nothing of it has changed. Some may have ended. Rejects with `storage-failed` where they are not known.
 */
export type EntriesOf = (index: string, ctx: Context) => NowOrLater<readonly PolicyEntry[]>;
