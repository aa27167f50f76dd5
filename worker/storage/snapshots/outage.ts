import type { Context } from "../../repository/context.ts";
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

/**
 * A subject as it is now. Where the database does not answer, as it was last, for as long as `grace` says, with the failure.
 *
 * @throws IndexError `storage-failed` after that
 */
export async function orLast<Value>(
  reader: SnapshotReader<Value>,
  { grace }: Pick<OutageRules, "grace">,
  now: () => number,
  ctx: Context,
): Promise<{ readonly value: Value; readonly failure: unknown }> {
  try {
    return { value: (await reader.read(ctx)).value, failure: undefined };
  } catch (error) {
    const { last } = reader;
    if (!last || Math.abs(now() - last.takenAt) >= grace) throw databaseDown(error);
    return { value: last.value, failure: error };
  }
}
