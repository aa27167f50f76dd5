import type { JobResult } from "../../schema/job-results.ts";
import { DAY, HOUR } from "../duration.ts";
import { messageOf } from "../errors.ts";
import { cacheTag } from "../pypi/cache-tag.ts";
import type { Edge, PrunedRelease, Runs } from "../repository/ports/maintenance.ts";
import type { Context } from "../repository/context.ts";
import type { Job } from "./job.ts";

/** Rows of the table `job`: when releases were last looked at; of an index, since when uses are recorded without a gap, and until when. */
const LOOKED = "prune";
const SINCE = "uses-since:";
const UNTIL = "uses-until:";

/** To look at all releases reads the row of each file: once a day, a little less than that after the last time. Milliseconds. */
const INTERVAL = DAY - HOUR;

/**
 * Crons run each hour. In a longer pause `keep` may have been left out, or the server been of a version that records no uses. Of a shorter
 * one `prunableReleases` knows. Milliseconds.
 */
const GAP = DAY;

/** Each release takes four calls of the database. */
const MAX_RELEASES = 200;

/** Tags that the platform takes in one call. */
const MAX_TAGS = 100;

/**
 * The job `prune`: once a day it moves releases into the trash that the rules of their index do not keep. Until uses have been recorded
 * for as long as `keep.unused` says it moves none, because nothing says that they were not used. A person may have it run at any time.
 */
export const pruneReleases: Job = async ({ retention, runs, edge }, ctx, { dryRun, byHand }) => {
  const { indexes } = retention;
  if (indexes.length === 0) return [{ kind: "all-kept" }];
  const since = new Map<string, number>();
  for (const { name } of indexes) since.set(name, await usesSince(name, runs, ctx, dryRun));
  const looked = await runs.last(LOOKED);
  if (!byHand && looked !== undefined && ctx.now - looked < INTERVAL) {
    return [{ kind: "prune-not-due", dueAt: looked + INTERVAL }];
  }
  const results: JobResult[] = [];
  const gone: PrunedRelease[] = [];
  for (const { name: index, unused } of indexes) {
    const known = since.get(index) ?? ctx.now;
    const until = known + unused;
    const isUnknown = ctx.now < until;
    if (isUnknown) results.push({ kind: "uses-unknown", index, since: known, until });
    if (isUnknown && !dryRun) continue;
    const limit = MAX_RELEASES - gone.length;
    const pruned = await retention.prune(index, { dryRun, limit }, ctx);
    results.push(...pruned.map((release) => ({ kind: "release-pruned" as const, ...release })));
    results.push({ kind: "releases-pruned", index, releases: pruned.length, isDone: pruned.length < limit });
    gone.push(...pruned);
  }
  if (dryRun) return results;
  if (gone.length > 0) {
    // Before, the edge could store again what is purged.
    await retention.settle();
    if (edge) await purge(edge, gone, ctx);
  }
  // The next hour goes on where there were too many.
  if (gone.length < MAX_RELEASES) await runs.note(LOOKED, ctx.now);
  return results;
};

/** Drops what the edge has of these releases. A failure is reported: its copies end within a minute. */
async function purge(edge: Edge, releases: readonly PrunedRelease[], ctx: Context): Promise<void> {
  const tags = [...new Set(releases.map(({ project }) => cacheTag(project)))];
  for (let at = 0; at < tags.length; at += MAX_TAGS) {
    await edge.purge(tags.slice(at, at + MAX_TAGS)).catch((error: unknown) => {
      ctx.report({ event: "storage-failed", what: "the purge of pruned releases", reason: messageOf(error) });
    });
  }
}

/**
 * Since when uses have been recorded without a gap, in milliseconds since the epoch. A database that was restored, or that was moved here,
 * lacks the uses since then: its rows are old, or not there, and it begins anew.
 */
async function usesSince(index: string, runs: Runs, ctx: Context, dryRun: boolean): Promise<number> {
  const [since, until] = [await runs.last(`${SINCE}${index}`), await runs.last(`${UNTIL}${index}`)];
  const isKnown = since !== undefined && until !== undefined && ctx.now - until <= GAP;
  if (dryRun) return isKnown ? since : ctx.now;
  if (!isKnown) await runs.note(`${SINCE}${index}`, ctx.now);
  await runs.note(`${UNTIL}${index}`, ctx.now);
  return isKnown ? since : ctx.now;
}
