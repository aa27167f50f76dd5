import type { JobResult } from "../../schema/job-results.ts";
import { openExport, recordOf } from "../advisories/export-archive.ts";
import { encodedIndex, knownIndex } from "../advisories/stored-index.ts";
import {
  EMPTY_INDEX,
  indexOfExport,
  indexWith,
  lossOf,
  sizeOfIndex,
  type IndexUpdate,
} from "../advisories/update-index.ts";
import { DAY, HOUR, MINUTE } from "../duration.ts";
import { reasonOf } from "../errors.ts";
import type { AdvisoryCheck, AdvisoryIndexState } from "../repository/ports/advisory-index.ts";
import type { ChangedRecord, OsvExport } from "../repository/ports/osv-export.ts";
import type { Context } from "../repository/context.ts";
import { inPool } from "../repository/pool.ts";
import type { Job } from "./job.ts";

/** How often the index is compared with the whole export: records can be gone from it without being withdrawn. Milliseconds. */
const COMPARE_EVERY = DAY - HOUR / 2;

/** Changes so much older than the latest that is known are read again: the list is in no order within a second. Milliseconds. */
const OVERLAP = 10 * MINUTE;

/** The archive is older than the list: after a comparison, changes of so long are read one by one. Milliseconds. */
const ARCHIVE_LAG = 2 * DAY;

/** More changes are left to the next comparison. */
const MAX_FETCHED = 500;

/** How many records are fetched at a time. */
const AT_A_TIME = 6;

/** How many of the records that cannot be read are named. */
const NAMED = 10;

/**
 * The job `advisories`: keeps the index of advisories as OSV's export is. Each run reads what has changed; once a day, and by
 * hand, the index is compared with all of the export. What would lose more than a tenth is refused. Where a run fails, the
 * index stays, and the state says why.
 */
export const syncAdvisories: Job = async ({ advisoryIndex, osv }, ctx, { dryRun, byHand }) => {
  if (!osv) return [{ kind: "advisories-not-kept" }];
  const state = await advisoryIndex.state();
  try {
    const stored = await knownIndex(advisoryIndex, ctx);
    const before = stored ?? EMPTY_INDEX;
    const compares = byHand || !stored || ctx.now - state.comparedAt >= COMPARE_EVERY || state.comparedAt > ctx.now;
    const compared = compares ? await indexOfExport(await openExport(osv.archive()), before) : undefined;
    const since = compares ? 0 : state.changedUntil - OVERLAP;
    const { update, changedUntil } = await withChanges(osv, compared, before, Math.max(since, ctx.now - ARCHIVE_LAG));
    const size = sizeOfIndex(update.index);
    const loss = lossOf(size, state);
    if (loss !== undefined) throw new RefusedIndex(loss);
    const check: AdvisoryCheck = {
      checkedAt: ctx.now,
      changedUntil: Math.max(state.changedUntil, changedUntil),
      failure: undefined,
      ...(compares && { comparedAt: ctx.now }),
    };
    if (!dryRun && update.isOther) await advisoryIndex.replace(encodedIndex(update.index), size, check);
    else if (!dryRun) await advisoryIndex.note(check);
    const { changed, gone, unreadable } = update;
    return [
      { kind: "advisories-synced", ...size, changed, gone },
      ...(unreadable.length > 0 ? [unreadableOf(unreadable)] : []),
    ];
  } catch (error) {
    return [await failed(error, state, ctx, (failure) => (dryRun ? undefined : advisoryIndex.note({ failure })))];
  }
};

/** A new index that must not take the place of the one before. */
class RefusedIndex extends Error {}

/** The index with the changes since a moment, and the time of the latest of them. */
async function withChanges(
  osv: OsvExport,
  compared: IndexUpdate | undefined,
  before: IndexUpdate["index"],
  since: number,
): Promise<{ readonly update: IndexUpdate; readonly changedUntil: number }> {
  const listed = (await osv.changes()) ?? [];
  const latest = new Map<string, ChangedRecord>();
  for (const change of listed) {
    if (change.changedAt >= since && change.changedAt > (latest.get(change.id)?.changedAt ?? 0)) {
      latest.set(change.id, change);
    }
  }
  const wanted = [...latest.values()].toSorted((one, other) => other.changedAt - one.changedAt).slice(0, MAX_FETCHED);
  const read = await inPool(AT_A_TIME, wanted, async ({ id }) => {
    const content = await osv.record(id);
    // A record that is gone is found by the next comparison.
    return content ? [{ id, record: recordOf(id, content) }] : [];
  });
  const changes = await indexWith(compared?.index ?? before, read.flat());
  const changedUntil = Math.max(0, ...wanted.map(({ changedAt }) => changedAt));
  if (!compared) return { update: changes, changedUntil };
  return {
    changedUntil,
    update: {
      index: changes.index,
      isOther: compared.isOther || changes.isOther,
      changed: compared.changed + changes.changed,
      gone: compared.gone,
      unreadable: [...new Set([...compared.unreadable, ...changes.unreadable])],
    },
  };
}

const unreadableOf = (ids: readonly string[]): JobResult => ({
  kind: "advisories-unreadable",
  records: ids.length,
  ids: ids.slice(0, NAMED),
});

/** Notes why a run failed; it is reported where the run before did not. */
async function failed(
  error: unknown,
  state: AdvisoryIndexState,
  ctx: Context,
  note: (reason: string) => Promise<void> | undefined,
): Promise<JobResult> {
  const reason = reasonOf(error);
  if (state.failure === undefined) ctx.report({ event: "advisories-failed", what: "advisories", reason });
  await note(reason);
  return error instanceof RefusedIndex ? { kind: "advisories-refused", reason } : { kind: "advisories-failed", reason };
}
