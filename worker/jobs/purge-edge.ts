import type { JobResult } from "../../schema/job-results.ts";
import { MINUTE } from "../duration.ts";
import { cacheTag } from "../pypi/cache-tag.ts";
import type { Job } from "./job.ts";

const NAME = "purge";

/** Time between two ticks: how far the first run looks back. Milliseconds. */
/** KV may answer with the old page for so long, and the edge cache then stores that again. Milliseconds. */
const KV_LAG = 70_000;

/** The platform allows 100 tags a call, and 5 calls a minute. */
const TAGS_A_CALL = 100;
const MAX_TAGS = 500;

/**
 * The job `purge`: drops the answers of projects from the edge cache whose pages have changed since the last run, and once more
 * those that changed shortly before it, since KV may have brought them back. The next run does the work of a run that failed.
 * Deleted pages are not purged: their copies end by themselves within two minutes.
 */
export const purgeEdge: Job = async ({ edge, recent, runs }, ctx, { dryRun }) => {
  if (!edge) return [{ kind: "edge-unreachable" }];
  const last = (await runs.last(NAME)) ?? ctx.now - MINUTE;
  const names = await recent.changed(
    { after: last, until: ctx.now },
    { after: last - KV_LAG, until: ctx.now - KV_LAG },
    MAX_TAGS + 1,
  );
  const tooMany = names.length > MAX_TAGS;
  const results: JobResult[] = [{ kind: "edge-purged", projects: tooMany ? "all" : names.length }];
  if (dryRun) return results;
  if (tooMany) await edge.purge("everything");
  else {
    for (let at = 0; at < names.length; at += TAGS_A_CALL) {
      await edge.purge(names.slice(at, at + TAGS_A_CALL).map(cacheTag));
    }
  }
  await runs.note(NAME, ctx.now);
  return results;
};
