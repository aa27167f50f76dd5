import type { JobResult } from "../../schema/job-results.ts";
import { HOUR } from "../duration.ts";
import { isUpstreamFailure, reasonOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { PagelessProject, StoredObject, StoredObjects } from "../repository/ports/stored-objects.ts";
import type { Job, JobServices } from "./job.ts";

/**
 * A file that was used later than this stays: a client may still be reading it. A use is written an hour and five minutes after it
 * at the latest, as long as its isolate answers requests: an hour in which it is not noted again, and the time for which uses are
 * gathered. That leaves 55 minutes for a transfer that is under way. A file whose row is younger than this stays as well,
 * since its uses are not noted yet. Milliseconds.
 */
const IN_USE = 2 * HOUR;

/** A file of a project without a page stays for so long after its last use: its page may just not be stored yet. Milliseconds. */
const ORPHANED = 24 * HOUR;

/** Files that one run deletes at most, in 10 calls; the next run goes on. */
const MAX_DELETED = 10_000;

/** Projects that one run asks sources for at most, before their files are deleted. */
const MAX_ASKED = 20;

/** Files that a dry run names. */
const NAMED = 10;

/**
 * The job `sweep`: deletes the files of projects that are gone upstream, then the longest unused files until no more is stored than
 * the quota allows and the disk has the room that is left free; then compares the stored objects with the database. The database knows mirrored files only here, so that
 * nothing else can be deleted. Each step can be repeated without harm.
 */
export const sweepFiles: Job = async ({ sources, objects, quota, freeSpace, freeBytes }, ctx, { dryRun }) => {
  const inUse = ctx.now - IN_USE;
  const total = await objects.total();
  const orphans = await orphaned(sources, objects, ctx, dryRun);
  const above = quota === 0 ? 0 : total.bytes - bytesOf(orphans.files) - quota;
  const free = freeSpace === 0 ? Infinity : await freeBytes();
  const missing = freeSpace - free - bytesOf(orphans.files);
  const oldest = await longestUnused(Math.max(above, missing), orphans.files, objects, inUse);
  if (!dryRun) {
    await objects.remove(orphans.files, ctx.now - ORPHANED);
    await objects.remove(oldest, inUse);
  }
  const results: JobResult[] = [
    { kind: "stored", ...total, quota },
    ...(free < freeSpace ? [{ kind: "little-room", free, wanted: freeSpace } as const] : []),
    ...orphans.undecided,
    { kind: "gone-deleted", objects: orphans.files.length, bytes: bytesOf(orphans.files) },
    { kind: "unused-deleted", objects: oldest.length, bytes: bytesOf(oldest) },
  ];
  const deleted = bytesOf(oldest);
  if (above > deleted) results.push({ kind: "above-quota", bytes: above - deleted });
  if (missing > deleted) results.push({ kind: "room-missing", bytes: missing - deleted });

  if (dryRun) {
    const going = [...orphans.files, ...oldest].toSorted((a, b) => a.usedAt - b.usedAt);
    return [...results, ...going.slice(0, NAMED).map(named), ...(await unconfigured(sources, objects))];
  }
  const { seen, found, gone } = await objects.reconcile(inUse, ctx.now);
  return [...results, { kind: "reconciled", objects: seen, corrected: found, gone }];
};

/**
 * The files of projects that their source says it does not have, none of them used within a day, and the projects of which
 * their source could not say it. In a dry run no source is asked: the files are those of all projects that one would be asked for.
 */
async function orphaned(
  sources: JobServices["sources"],
  objects: StoredObjects,
  ctx: Context,
  dryRun: boolean,
): Promise<{ files: StoredObject[]; undecided: JobResult[] }> {
  const before = ctx.now - ORPHANED;
  const files: StoredObject[] = [];
  const undecided: JobResult[] = [];
  for (const gone of await objects.pageless([...sources.keys()], before, MAX_ASKED)) {
    const source = sources.get(gone.source);
    if (!source || files.length >= MAX_DELETED) continue;
    try {
      // To ask may have a page stored: a dry run leaves it.
      if (!dryRun && (await hasPage(source, gone, ctx))) continue;
      files.push(...(await objects.ofProject(gone, before, MAX_DELETED - files.length)));
    } catch (error) {
      if (!isUpstreamFailure(error)) throw error;
      const { project } = gone;
      undecided.push({ kind: "project-undecided", source: source.name, project, reason: reasonOf(error) });
    }
  }
  return { files, undecided };
}

/**
 * Whether the project has a page after all, stored or upstream, which is then noted anew: that D1 has lost a row, or all of
 * them, must not cost the files. Throws `upstream-failed` where the source cannot tell.
 */
async function hasPage({ repository, noteStored }: MirroredSource, { project }: PagelessProject, ctx: Context) {
  const found = await repository.project(project, ctx);
  if (!found) return false;
  await found.page.cancel();
  await noteStored(project, found.page);
  return true;
}

/** As many of the longest unused files as make up `excess` bytes, or all that one run may delete; `others` are deleted anyway. */
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

/** The amounts stored of sources that are no longer configured. */
async function unconfigured(sources: JobServices["sources"], objects: StoredObjects): Promise<JobResult[]> {
  const others = await objects.ofOthers([...sources.keys()]);
  return others.map((other) => ({ kind: "source-unconfigured", ...other }));
}

const named = ({ key, size, usedAt }: StoredObject): JobResult => ({ kind: "object-named", key, bytes: size, usedAt });

const bytesOf = (objects: readonly StoredObject[]) => objects.reduce((sum, { size }) => sum + size, 0);
