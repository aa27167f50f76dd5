import { isUpstreamFailure, reasonOf } from "../errors.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { PagelessProject, StoredObject, StoredObjects } from "../repository/ports/stored-objects.ts";
import { amount } from "./amount.ts";
import type { Job, JobGround } from "./crons.ts";
import type { Context } from "../repository/context.ts";

const HOUR = 3_600_000;

/**
 * What was used later than this stays: it may be being read. A use is written an hour and five minutes after it at the
 * latest, as long as its isolate answers anybody: an hour in which it is not noted again, and the time for which uses are
 * gathered. What is left are 55 minutes for a transfer that is under way. What has come to be known later
 * than this stays as well, since nobody has noted its uses. Milliseconds.
 */
const IN_USE = 2 * HOUR;

/** What is left of a project without a page stays for so long after its last use: its page may only be on its way. Milliseconds. */
const ORPHANED = 24 * HOUR;

/** Files that one run deletes at the most: 10 calls. The next run goes on. */
const MAX_DELETED = 10_000;

/** Projects whose pages are asked for in one run at the most, before their files are deleted. */
const MAX_ASKED = 20;

/** Files that a dry run names. */
const NAMED = 10;

/**
 * Deletes what projects have left that are gone upstream, then the longest unused until no more is stored than the quota
 * allows; then holds what is stored against what is known of it. Only mirrored files are ever known, so nothing else can be deleted. Each step is done
 * again without harm.
 */
export const sweep: Job = async ({ sources, objects, quota }, ctx, { dryRun }) => {
  const inUse = ctx.now - IN_USE;
  const total = await objects.total();
  const orphans = await orphaned(sources, objects, ctx, dryRun);
  const excess = quota === 0 ? 0 : total.bytes - bytesOf(orphans.files) - quota;
  const oldest = await longestUnused(excess, orphans.files, objects, inUse);
  const limit = quota === 0 ? "there is no quota" : `the quota is ${amount(quota)}`;
  const told = [`${stored(total.objects, total.bytes)} are stored; ${limit}.`, ...orphans.told];

  if (!dryRun) {
    await objects.remove(orphans.files, ctx.now - ORPHANED);
    await objects.remove(oldest, inUse);
  }
  const went = dryRun ? "would be" : "were";
  const condition = dryRun ? ", where their sources say so" : "";
  told.push(
    `${stored(orphans.files.length, bytesOf(orphans.files))} of projects that are gone ${went} deleted${condition}.`,
    `${stored(oldest.length, bytesOf(oldest))} ${went} deleted as the longest unused.`,
  );
  const left = excess - bytesOf(oldest);
  if (left > 0)
    told.push(`${amount(left)} above the quota stay for now: they were used lately, or are the next run's.`);

  if (dryRun) {
    const going = [...orphans.files, ...oldest].toSorted((a, b) => a.usedAt - b.usedAt);
    const named = going
      .slice(0, NAMED)
      .map(({ key, size, usedAt }) => `${key}, ${amount(size)}, last used ${when(usedAt)}`);
    return [...told, ...named, ...(await unconfigured(sources, objects))];
  }
  const { seen, found, gone } = await objects.reconcile(inUse, ctx.now);
  told.push(`Of ${seen} stored objects ${found} were not known as they are; ${gone} that were known are gone.`);
  return told;
};

/**
 * The files of projects that their source says it does not have, none of them used within a day; in a dry run, of those
 * whose source would be asked.
 */
async function orphaned(
  sources: JobGround["sources"],
  objects: StoredObjects,
  ctx: Context,
  dryRun: boolean,
): Promise<{ files: StoredObject[]; told: string[] }> {
  const before = ctx.now - ORPHANED;
  const files: StoredObject[] = [];
  const told: string[] = [];
  for (const gone of await objects.pageless([...sources.keys()], before, MAX_ASKED)) {
    const source = sources.get(gone.source);
    if (!source || files.length >= MAX_DELETED) continue;
    try {
      // To ask may have a page stored: a dry run leaves it.
      if (!dryRun && (await hasPage(source, gone, ctx))) continue;
      files.push(...(await objects.ofProject(gone, before, MAX_DELETED - files.length)));
    } catch (error) {
      if (!isUpstreamFailure(error)) throw error;
      told.push(`Whether ${source.name} has ${gone.project} still cannot be told: ${reasonOf(error)}`);
    }
  }
  return { files, told };
}

/**
 * Whether the project has a page after all, stored or upstream: a row of D1's may be lost, or all of them, which must not
 * cost the files. It is then noted anew. Throws `upstream-failed` where nobody can tell.
 */
async function hasPage({ repository, noteStored }: MirroredSource, { project }: PagelessProject, ctx: Context) {
  const found = await repository.project(project, ctx);
  if (!found) return false;
  await found.page.cancel();
  await noteStored(project, found.page);
  return true;
}

/** As many of the longest unused files as come to `excess` bytes, or all that one run may delete; `others` go anyway. */
async function longestUnused(
  excess: number,
  others: readonly StoredObject[],
  objects: StoredObjects,
  before: number,
): Promise<StoredObject[]> {
  if (excess <= 0) return [];
  const going = new Set(others.map(({ key }) => key));
  const unused = await objects.oldest(before, MAX_DELETED);
  const chosen: StoredObject[] = [];
  let rest = excess;
  for (const object of unused.filter(({ key }) => !going.has(key)).slice(0, MAX_DELETED - others.length)) {
    if (rest <= 0) break;
    chosen.push(object);
    rest -= object.size;
  }
  return chosen;
}

/** What is stored of sources that are not configured any more: it goes as all else does, when it is the longest unused. */
async function unconfigured(sources: JobGround["sources"], objects: StoredObjects): Promise<string[]> {
  const others = await objects.ofOthers([...sources.keys()]);
  return others.map(
    ({ source, objects: count, bytes }) =>
      `${stored(count, bytes)} are of the source ${source}, which is not configured any more; they go when they are the longest unused.`,
  );
}

const bytesOf = (objects: readonly StoredObject[]) => objects.reduce((sum, { size }) => sum + size, 0);

const stored = (count: number, bytes: number) => `${count.toLocaleString("en")} objects (${amount(bytes)})`;

const when = (time: number) => new Date(time).toISOString();
