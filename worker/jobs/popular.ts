import type { FeedState } from "../repository/changes.ts";
import type { PopularProject } from "../repository/popular.ts";
import type { Context, Upkept } from "../repository/repository.ts";
import type { Job } from "./crons.ts";

/** The clock may be this much earlier than the last time, and a page is due all the same. Milliseconds. */
const PUNCTUALITY = 60_000;

/** A log of changes that was last followed longer ago than this vouches for nothing. Milliseconds. */
const HEALTHY = 180_000;

/** Queues the pages of popular projects that are due to be checked. */
export const refreshPopular: Job = async ({ sources, pageTtl }, ctx, { dryRun }) => {
  const said: string[] = [];
  for (const source of sources.values()) said.push(await plan(source, pageTtl, ctx, dryRun));
  return said;
};

async function plan(source: Upkept, ttl: number, ctx: Context, dryRun: boolean): Promise<string> {
  const { name, popularity, refreshes, changes } = source;
  if (!popularity) return notCounted(name);
  const [projects, feed] = await Promise.all([popularity.projects(ctx.now), changes?.log.state()]);
  const due = projects.filter((project) => isDue(project, feed ?? null, ttl, ctx.now)).map((project) => project.name);
  const found = `${name}: ${some(projects.length, "popular project")}, `;
  if (due.length === 0) return `${found}none due.`;
  if (dryRun) return `${found}${due.length} due.`;
  await refreshes.send(due, "popular");
  // Where this is lost, they are queued once more.
  await popularity.planned(due, ctx.now);
  return `${found}${due.length} due, queued.`;
}

/**
 * Whether a page is to be checked: it was not queued within the lifetime of pages, and the upstream's log of changes does not
 * vouch for it.
 *
 * @param feed how far that log has been followed; null where it is not
 * @param ttl milliseconds
 */
export function isDue(
  { plannedAt = 0, storedAt }: PopularProject,
  feed: Pick<FeedState, "since" | "polledAt"> | null,
  ttl: number,
  now: number,
): boolean {
  if (plannedAt > now - ttl + PUNCTUALITY) return false;
  const vouched = feed !== null && feed.polledAt >= now - HEALTHY;
  return !vouched || storedAt === undefined || Math.max(storedAt, plannedAt) <= feed.since;
}

/** Deletes what is known of projects and kinds of files that nobody has asked for in a long time. */
export const forgetUnpopular: Job = async ({ sources }, ctx, { dryRun }) => {
  const said: string[] = [];
  for (const { name, popularity } of sources.values()) {
    if (!popularity) said.push(notCounted(name));
    else if (dryRun) said.push(`${name}: what nobody has asked for in six weeks would be forgotten.`);
    else {
      const { projects, kinds } = await popularity.forget(ctx.now);
      said.push(
        `${name}: ${some(projects, "project")} and ${some(kinds, "kind")} of files forgotten that nobody has asked for in six weeks.`,
      );
    }
  }
  return said;
};

const some = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

const notCounted = (source: string) => `${source}: nothing is counted, and nothing planned, since POPULAR is 0.`;
