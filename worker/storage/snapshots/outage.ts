import type { Context } from "../../repository/context.ts";
import type { NowOrLater } from "../../repository/now-or-later.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { databaseDown } from "../d1/hosted-projects.ts";
import type { SnapshotReader } from "./reader.ts";

/** What goes on while the database does not answer. */
export interface OutageRules {
  /** For so long after the last snapshot was taken, a name that it does not have counts as not hosted. Milliseconds. */
  readonly grace: number;
  /** Names that no upstream has: to be absent would be wrong for them. */
  readonly isReserved: (name: ProjectName) => boolean;
}

/** A subject as it is now; with a failure, as it was last. */
interface NowOrLast<Value> {
  readonly value: Value;
  readonly failure: unknown;
}

/**
 * A subject as it is now. Where the database does not answer, as it was last, for as long as `grace` says, with the failure.
 * Rejects with `storage-failed` after that.
 */
export function orLast<Value>(
  reader: SnapshotReader<Value>,
  { grace }: Pick<OutageRules, "grace">,
  now: () => number,
  ctx: Context,
): NowOrLater<NowOrLast<Value>> {
  const read = reader.read(ctx);
  if (!(read instanceof Promise)) return asItIs(read);
  return read.then(asItIs, (error: unknown) => {
    const { last } = reader;
    if (!last || Math.abs(now() - last.takenAt) >= grace) throw databaseDown(error);
    return { value: last.value, failure: error };
  });
}

const asItIs = <Value>({ value }: { readonly value: Value }): NowOrLast<Value> => ({ value, failure: undefined });
