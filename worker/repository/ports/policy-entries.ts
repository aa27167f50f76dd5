import type { FileRule } from "../../pypi/file-rule.ts";
import type { Context } from "../context.ts";
import type { NowOrLater } from "../now-or-later.ts";

/** An entry of an index's lists, as each request needs it. */
export interface PolicyEntry {
  readonly id: string;
  readonly kind: "allow" | "deny" | "exemption";
  readonly rule: FileRule;
  readonly reason: string;
  /** Of an exemption: the only advisory that it is from. */
  readonly advisory?: string | undefined;
  /** When it ends. Milliseconds since the epoch; undefined: never. */
  readonly until?: number | undefined;
}

/**
 * The entries of an index's lists, with every change that was answered before the call; the same array as long as
 * nothing of it has changed. Some may have ended. Rejects with `storage-failed` where they are not known.
 */
export type EntriesOf = (index: string, ctx: Context) => NowOrLater<readonly PolicyEntry[]>;
