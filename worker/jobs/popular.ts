import { isFollowed } from "../repository/ports/change-log.ts";
import type { MirroredSource, SourceChanges } from "../repository/repository.ts";
import type { Job } from "./crons.ts";
import type { Context } from "../repository/context.ts";
import type { PopularProject } from "../repository/ports/popularity.ts";

/** The clock may be this much earlier than the last time, and a page is due all the same. Milliseconds. */
const PUNCTUALITY = 60_000;

/** Queues the pages of popular projects that are due to be checked. */
export const refreshPopular: Job = async ({ sources, pageTtl }, ctx, { dryRun }) => {
  const said: string[] = [];
  for (const source of sources.values()) said.push(await plan(source, pageTtl, ctx, dryRun));
  return said;
};

async function plan(source: MirroredSource, ttl: number, ctx: Context, dryRun: boolean): Promise<string> {
  const { name, popularity, refreshes, changes } = source;
  if (!popularity) return notCounted(name);
  const [projects, goodSince] = await Promise.all([
    popularity.projects(ctx.now),
    changes && followedSince(changes, ctx),
  ]);
  const due = projects.filter((project) => isDue(project, goodSince, ttl, ctx.now)).map((project) => project.name);
  const found = `${name}: ${some(projects.length, "popular project")}, `;
  if (due.length === 0) return `${found}none due.`;
  if (dryRun) return `${found}${due.length} due.`;
  await refreshes.send(due, "popular");
  // Where this is lost, they are queued once more.
  await popularity.planned(due, ctx.now);
  return `${found}${due.length} due, queued.`;
}

/** Since when the upstream's log of changes has been followed; undefined where it vouches for nothing. */
async function followedSince({ log, behind }: SourceChanges, { now }: Context): Promise<number | undefined> {
  const [state, count] = await Promise.all([log.state(), behind.count()]);
  return state && isFollowed(state, count, now) ? state.since : undefined;
}

/**
 * Whether a page is to be checked: it was not queued within the lifetime of pages, and the upstream's log of changes does not
 * vouch for it.
 *
 * @param goodSince pages that were good later than this are vouched for; undefined: none is
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
