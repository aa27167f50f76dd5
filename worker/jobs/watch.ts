import { IndexError } from "../errors.ts";
import { isHigher, isUpstreamFinal } from "../pypi/pep440.ts";
import type { ProjectName } from "../pypi/name.ts";
import { newestRelease } from "../pypi/newest.ts";
import { versionOf } from "../pypi/version.ts";
import type { Context } from "../repository/context.ts";
import type { NewNotice } from "../repository/ports/notices.ts";
import { advisoryTroubleOf } from "./advisory-trouble.ts";
import { rootTrouble } from "./root-trouble.ts";
import type { Job, JobServices } from "./job.ts";

/**
 * The job `watch`: finds what receivers are to be told of that no request and no entry of the audit log shows: advisories that are too
 * old, a trusted root that ends, and forks whose upstream has a newer release. The job `notify` tells them; how many forks there are, a metric says.
 */
export const findNotices: Job = async (services, ctx, { dryRun }) => {
  const { receivers, store } = services.notices;
  const isWanted = (event: string) => receivers.some(({ wants }) => wants(event));
  const forks = await newestOfForks(services, ctx);
  if (!dryRun) await services.forks.noteNewest(forks);
  if (receivers.length === 0) return [{ kind: "no-receivers" }];
  const found = [
    ...(isWanted("advisories-stale") ? await staleAdvisories(services, ctx) : []),
    ...(isWanted("root-expiring") ? await endingRoot(services, ctx) : []),
    ...(isWanted("fork-outdated") ? forks.flatMap(noticeOf) : []),
  ];
  if (!dryRun) await store.add(found, ctx.now);
  return [{ kind: "notices-found", notices: found.length }];
};

async function staleAdvisories({ indexes, osv, advisoryIndex }: JobServices, { now }: Context): Promise<NewNotice[]> {
  const parts = { indexes: indexes.map(({ config }) => config), isKept: osv !== undefined, store: advisoryIndex };
  const trouble = await advisoryTroubleOf(parts)(now);
  if (trouble?.staleSince === undefined) return [];
  const since = new Date(trouble.staleSince).toISOString();
  const about = { index: "*", project: "", subject: "", details: { since, reason: trouble.sentence } };
  return [{ key: `advisories-stale ${since}`, event: "advisories-stale", ...about }];
}

/** Told twice of each root: before it ends, and when it has ended. */
async function endingRoot({ sources }: JobServices, { now }: Context): Promise<NewNotice[]> {
  const trouble = await rootTrouble(sources, now);
  if (trouble?.expiresAt === undefined) return [];
  const expires = new Date(trouble.expiresAt).toISOString();
  const details = { expires, expired: trouble.isFault, reason: trouble.sentence };
  const key = `root-expiring ${expires} ${trouble.isFault ? "over" : "soon"}`;
  return [{ key, event: "root-expiring", index: "*", project: "", subject: "", details }];
}

/** A fork, and the upstream's release that is newer than its base; undefined where there is none. */
interface WatchedFork {
  readonly index: string;
  readonly project: ProjectName;
  readonly version: string;
  readonly base: string;
  readonly newest: string | undefined;
}

/** The forks that are offered, without those of which nothing is known now. */
async function newestOfForks(services: JobServices, ctx: Context): Promise<WatchedFork[]> {
  const found: WatchedFork[] = [];
  for (const { config, sources } of services.indexes) {
    if (!config.hosted) continue;
    const { name: index } = config;
    for (const { project, version, base, isOffered } of await services.forks.list(index)) {
      const newest = isOffered ? await newestOf(project, sources, services, ctx) : undefined;
      if (newest === undefined) continue;
      const isNewer = isHigher(newest, base.version);
      found.push({ index, project, version, base: base.version, newest: isNewer ? newest : undefined });
    }
  }
  return found;
}

function noticeOf({ index, project, version, base, newest }: WatchedFork): NewNotice[] {
  if (newest === undefined) return [];
  const key = `fork-outdated ${index} ${project} ${version} ${newest}`;
  return [{ key, event: "fork-outdated", index, project, subject: version, details: { base, newest } }];
}

/** The newest final release on the page of the first source that has the project; undefined where there is none, or the source is away. */
async function newestOf(
  project: ProjectName,
  keys: readonly string[],
  { sources, mirrors }: JobServices,
  ctx: Context,
): Promise<string | undefined> {
  try {
    for (const key of keys) {
      const source = mirrors.get(key)?.mayHave(project) ? sources.get(key) : undefined;
      const found = await source?.repository.project(project, { ...ctx, isDemand: false });
      if (!found) continue;
      const { files } = await found.page.model();
      const final = files.filter(({ filename }) => isUpstreamFinal(versionOf(filename, project) ?? ""));
      const [first] = newestRelease(project, final);
      return first && versionOf(first.filename, project);
    }
  } catch (error) {
    // The layers below have reported it. The next run looks again.
    if (!(error instanceof IndexError)) throw error;
  }
  return undefined;
}
