import { IndexError, upstreamFailed } from "../errors.ts";
import { refOf, type FileRef } from "../pypi/file-url.ts";
import { distinctPackages, fileChooser, type LockAndIndex } from "./formats/choose.ts";
import type { Lock, LockedPackage, OtherIndex } from "./formats/lock.ts";
import type { Narrowing } from "./formats/narrow.ts";
import { refusal } from "./formats/text.ts";
import type { ProjectName } from "../pypi/name.ts";
import { inPool } from "../repository/pool.ts";
import { LISTING_MAX_AGE } from "../layers/find-listed.ts";
import type { Project, ProjectFiles, Repository, Revalidation } from "../repository/repository.ts";
import type { ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/** How many pages are requested at a time: the platform opens at most six connections for one request. */
const PAGES_AT_ONCE = 6;

/**
 * Cloudflare allows 10,000 calls to other services in one request. The page of a package takes about seven, a file four or
 * more; these limits keep a request below that number.
 */
const MAX_PACKAGES = 400;
const MAX_FILES = 1_500;

/** A file that a lock asks for, as listed on its project page. */
export interface ResolvedFile extends ListedFile {
  readonly files: ProjectFiles;
  readonly ref: FileRef;
}

/** The files that a lock asks an index for, each once, in the lock's order. */
export interface ResolvedLock {
  readonly packages: number;
  /** The number of project pages that list the files. */
  readonly pages: number;
  readonly files: readonly ResolvedFile[];
  /** Names of packages that come from no index, or from another one. */
  readonly elsewhere: readonly string[];
  /** Those of them that come from another index, by index. */
  readonly otherIndexes: readonly OtherIndex[];
  /** Projects without a file that fits the requested Python and platform. */
  readonly unfit: readonly ProjectName[];
}

/** A lock, the Python and platform that it is narrowed to, and the index to look in. */
export interface LockRequest {
  readonly lock: Lock;
  readonly where: LockAndIndex;
  readonly narrowed: Narrowing;
  readonly repository: Pick<Repository, "project">;
}

/**
 * Finds the files that a lock asks for on the project pages, each of which is read once, and checks them against the lock. Only pages
 * are fetched and stored, no files. It returns when the pages are stored, so that another isolate need not fetch them again. Throws
 * `unprocessable` where the lock and the pages do not agree, or where the lock is too large for one request; and `upstream-failed`.
 */
export async function resolveLock(asked: LockRequest, ctx: Context): Promise<ResolvedLock> {
  const { packages, elsewhere, otherIndexes = [] } = asked.lock;
  const projects = [...Map.groupBy(packages, ({ name }) => name)];
  if (projects.length > MAX_PACKAGES) {
    throw tooMany("packages", projects.length, MAX_PACKAGES, "export it as requirements and send these in parts");
  }
  const writes: Promise<unknown>[] = [];
  const settling: Context = {
    ...ctx,
    patient: true,
    defer(work) {
      writes.push(work);
      ctx.defer(work);
    },
  };
  const found = await inPool(PAGES_AT_ONCE, projects, ([name, locked]) => wantedOf(name, locked, asked, settling));
  const files = [...new Map(found.flat().map((file) => [`${file.files.source} ${file.entry.url}`, file])).values()];
  if (files.length > MAX_FILES) {
    throw tooMany(
      "files",
      files.length,
      MAX_FILES,
      "name a Python and a platform, as in python=3.12, or send it in parts",
    );
  }
  const unfit = projects.filter((_, at) => found[at]?.length === 0).map(([name]) => name);
  await Promise.allSettled(writes);
  return { packages: packages.length, pages: projects.length, files, elsewhere, otherIndexes, unfit };
}

const tooMany = (what: string, count: number, limit: number, advice: string) =>
  new IndexError(
    "unprocessable",
    `This asks for ${count} ${what}, and one request handles at most ${limit}: ${advice}.`,
  );

/** The files of one project. A stored page without one of them may be older than the lock: it is then revalidated and read again. */
async function wantedOf(
  project: ProjectName,
  locked: readonly LockedPackage[],
  asked: LockRequest,
  ctx: Context,
): Promise<ResolvedFile[]> {
  const found = await projectOf(project, locked, asked, ctx);
  try {
    return await choose(found, project, locked, asked);
  } catch (error) {
    if (!(error instanceof IndexError) || error.kind !== "unprocessable" || found.page.via === "upstream") throw error;
    const again = await projectOf(project, locked, asked, ctx, { maxAgeMs: LISTING_MAX_AGE });
    if (again.page.via === "stale") {
      await again.page.cancel();
      throw upstreamFailed(
        new URL(decodeURIComponent(again.files.source)).host,
        `the page of ${project} could not be revalidated, and the stored copy does not have the files that the lock names`,
      );
    }
    return choose(again, project, locked, asked);
  }
}

async function projectOf(
  project: ProjectName,
  [first]: readonly LockedPackage[],
  { where, repository }: LockRequest,
  ctx: Context,
  demand?: Revalidation,
): Promise<Project> {
  const found = await repository.project(project, ctx, demand);
  if (found) return found;
  throw refusal(
    { name: where.lockName, line: first?.line ?? 1 },
    `no source of ${where.index} has a project ${project}. It comes from another index: name that one, or take the package out.`,
  );
}

async function choose(
  { page, files }: Project,
  project: ProjectName,
  locked: readonly LockedPackage[],
  { where, narrowed }: LockRequest,
): Promise<ResolvedFile[]> {
  const chosenFor = fileChooser(await page.model(), project, where);
  const chosen = new Set(distinctPackages(locked).flatMap((each) => narrowed(chosenFor(each))));
  return [...chosen].map((entry) => ({ files, project, entry, ref: refOf(entry, "file") }));
}
