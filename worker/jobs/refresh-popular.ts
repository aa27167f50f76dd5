import type { JobResult } from "../../schema/job-results.ts";
import { MINUTE } from "../duration.ts";
import { isFollowed } from "../repository/ports/change-log.ts";
import type { PopularProject } from "../repository/ports/popularity.ts";
import type { Context } from "../repository/context.ts";
import type { MirroredSource, SourceChanges } from "../repository/repository.ts";
import type { Job } from "./job.ts";

/** A cron may start this much earlier than the one before it, and a page is due all the same. Milliseconds. */
const PUNCTUALITY = MINUTE;

/** The job `refresh`: queues the pages of popular projects that are due to be revalidated. */
export const refreshPopular: Job = async ({ sources, pageTtl }, ctx, { dryRun }) => {
  const results: JobResult[] = [];
  for (const source of sources.values()) results.push(await plan(source, pageTtl, ctx, dryRun));
  return results;
};

async function plan(source: MirroredSource, ttl: number, ctx: Context, dryRun: boolean): Promise<JobResult> {
  const { popularity, refreshes, changes } = source;
  if (!popularity) return { kind: "not-counted", source: source.name };
  const [projects, goodSince] = await Promise.all([
    popularity.projects(ctx.now),
    changes && followedSince(changes, ctx),
  ]);
  const due = projects.filter((project) => isDue(project, goodSince, ttl, ctx.now)).map((project) => project.name);
  if (due.length > 0 && !dryRun) {
    await refreshes.send(due, "popular");
    // Where this is lost, they are queued once more.
    await popularity.planned(due, ctx.now);
  }
  return { kind: "popular-due", source: source.name, popular: projects.length, due: due.length };
}

/** Since when the upstream's change log has been followed; undefined where it confirms nothing. */
async function followedSince({ log, behind }: SourceChanges, { now }: Context): Promise<number | undefined> {
  const [state, count] = await Promise.all([log.state(), behind.count()]);
  return state && isFollowed(state, count, now) ? state.since : undefined;
}

/**
 * Whether a page is to be revalidated: it was not queued within the lifetime of pages, and the upstream's change log does not
 * confirm it.
 *
 * @param goodSince pages that were good later than this are confirmed by the change log; undefined: none is
 * @param ttl milliseconds
 */
export function isDue(
  { plannedAt = 0, storedAt }: PopularProject,
  goodSince: number | undefined,
  ttl: number,
  now: number,
): boolean {
  if (plannedAt > now - ttl + PUNCTUALITY) return false;
  return goodSince === undefined || storedAt === undefined || Math.max(storedAt, plannedAt) <= goodSince;
}
