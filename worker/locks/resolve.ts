import { IndexError, isUpstreamFailure, upstreamFailed } from "../errors.ts";
import { refOf, type FileRef } from "../pypi/file-url.ts";
import { distinctPackages, fileChooser, type LockAndIndex } from "./formats/choose.ts";
import type { Lock, LockedPackage, OtherIndex } from "./formats/lock.ts";
import type { Narrowing } from "./formats/narrow.ts";
import { refusal } from "./formats/text.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry } from "../pypi/page.ts";
import { inPool } from "../repository/pool.ts";
import { LISTING_MAX_AGE } from "../layers/find-listed.ts";
import type { Project, ProjectFiles, Repository, Revalidation } from "../repository/repository.ts";
import type { ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";
import type { Explain } from "../repository/explanation.ts";
import { verdictOn } from "./pin-verdict.ts";

/** How many pages are requested at a time: the platform opens at most six connections for one request. */
export const PAGES_AT_ONCE = 6;

/**
 * Cloudflare allows 10,000 calls to other services in one request. The page of a package takes about seven, a file four or
 * more; these limits keep a request below that number.
 */
export const MAX_PACKAGES = 400;
const MAX_FILES = 1_500;

/** A file that a lock asks for, as listed on its project page. */
export interface ResolvedFile extends ListedFile {
  readonly files: ProjectFiles;
  readonly ref: FileRef;
  /** As the page has it, else the lock. Bytes. */
  readonly size: number | undefined;
}

/** The files that a lock asks an index for, each once, in the lock's order. */
export interface ResolvedLock {
  readonly packages: number;
  /** The number of project pages that list the files. */
  readonly pages: number;
  readonly files: readonly ResolvedFile[];
  /** The files of the same versions for any Python and platform: who locks again reads the metadata of those, too. */
  readonly anywhere: readonly ResolvedFile[];
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
  /** What the index's policy says of its files; undefined where it has none. */
  readonly explain?: Explain | undefined;
}

/** The upstream failed before all pages were read. */
export interface UnreadPages {
  readonly failure: IndexError;
  /** How many pages were read, and of how many. */
  readonly read: number;
  readonly of: number;
}

/**
 * Finds the files that a lock asks for on the project pages, each of which is read once, and checks them against the lock. Only pages
 * are fetched and stored, no files. It returns when the pages are stored, so that another isolate need not fetch them again. Throws
 * `unprocessable` where the lock and the pages do not agree, or where the lock is too large for one request; and `upstream-failed`.
 */
export async function resolveLock(asked: LockRequest, ctx: Context): Promise<ResolvedLock> {
  const { value, done } = await resolving(asked, () => ctx.now, ctx).next();
  if (done) return value;
  throw value.failure;
}

/**
 * The same, and where the upstream fails, that is told, and the next step tries the missing pages again: the first of them alone,
 * and the others once it could be read.
 *
 * @param now milliseconds since the epoch; a clock that runs on between the steps
 */
export async function* resolving(
  asked: LockRequest,
  now: () => number,
  ctx: Context,
): AsyncGenerator<UnreadPages, ResolvedLock, void> {
  const projects = [...Map.groupBy(asked.lock.packages, ({ name }) => name)];
  if (projects.length > MAX_PACKAGES) {
    throw tooManyPackages(projects.length);
  }
  const writes: Promise<unknown>[] = [];
  const defer = (work: Promise<unknown>) => {
    writes.push(work);
    ctx.defer(work);
  };
  const found = new Map<ProjectName, FoundFiles>();
  for (;;) {
    const settling: Context = { ...ctx, now: now(), patient: true, defer };
    const [first, ...others] = projects.filter(([name]) => !found.has(name));
    const failure = await readPages(first ? [first] : [], found, asked, settling);
    const later = failure ?? (await readPages(others, found, asked, settling));
    if (!later) break;
    yield { failure: later, read: found.size, of: projects.length };
  }
  const all = projects.flatMap(([name]) => found.get(name) ?? []);
  const files = distinct(all.flatMap((each) => each.files));
  if (files.length > MAX_FILES) {
    throw tooMany(
      "files",
      files.length,
      MAX_FILES,
      "name a Python and a platform, as in python=3.12, or send it in parts",
    );
  }
  const unfit = projects.filter(([name]) => found.get(name)?.files.length === 0).map(([name]) => name);
  await Promise.allSettled(writes);
  const { packages, elsewhere, otherIndexes = [] } = asked.lock;
  const anywhere = distinct(all.flatMap((each) => each.anywhere));
  return { packages: packages.length, pages: projects.length, files, anywhere, elsewhere, otherIndexes, unfit };
}

/** A project's files that a lock asks for, and those of the same versions for any Python and platform. */
interface FoundFiles {
  readonly files: readonly ResolvedFile[];
  readonly anywhere: readonly ResolvedFile[];
}

const distinct = (files: readonly ResolvedFile[]) => [
  ...new Map(files.map((file) => [`${file.files.source} ${file.entry.url}`, file])).values(),
];

/** Reads the pages of projects into `found`. Returns the first failure of an upstream, after which no further page is begun. */
async function readPages(
  projects: readonly (readonly [ProjectName, readonly LockedPackage[]])[],
  found: Map<ProjectName, FoundFiles>,
  asked: LockRequest,
  ctx: Context,
): Promise<IndexError | undefined> {
  try {
    await inPool(PAGES_AT_ONCE, projects, async ([name, locked]) => {
      found.set(name, await wantedOf(name, locked, asked, ctx));
    });
    return undefined;
  } catch (error) {
    if (isUpstreamFailure(error)) return error;
    throw error;
  }
}

export const tooManyPackages = (count: number) =>
  tooMany("packages", count, MAX_PACKAGES, "export it as requirements and send these in parts");

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
): Promise<FoundFiles> {
  const found = await projectOf(project, locked, asked, ctx);
  try {
    return await chosen(found, project, locked, asked, ctx);
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
    return chosen(again, project, locked, asked, ctx);
  }
}

async function projectOf(
  project: ProjectName,
  [first]: readonly LockedPackage[],
  { where, repository }: LockRequest,
  ctx: Context,
  demand?: Revalidation,
): Promise<Project> {
  const place = { name: where.lockName, line: first?.line ?? 1 };
  const found = await repository.project(project, ctx, demand).catch((error: unknown) => {
    if (!(error instanceof IndexError) || error.kind !== "project-blocked" || !error.policy) throw error;
    throw refusal(place, `${error.message} ${WHOLE_REPORT}`);
  });
  if (found) return found;
  throw refusal(
    place,
    `no source of ${where.index} has a project ${project}. It comes from another index: name that one, or take the package out.`,
  );
}

/** Where the other packages are that a policy refuses: a refusal is of the first. */
const WHOLE_REPORT = "pypi-edge policy report says it of every package of the lock.";

/** `choose`, whose error says so where it is the index's policy that refuses the files. */
async function chosen(
  found: Project,
  project: ProjectName,
  locked: readonly LockedPackage[],
  asked: LockRequest,
  ctx: Context,
): Promise<FoundFiles> {
  try {
    return await choose(found, project, locked, asked);
  } catch (error) {
    const { explain, where, narrowed } = asked;
    if (!explain || !(error instanceof IndexError) || error.kind !== "unprocessable") throw error;
    const files = (await explain(project, undefined, ctx)) ?? [];
    for (const each of locked) {
      const [rule] = verdictOn(each, files, narrowed).rules;
      if (rule) throw refusal({ name: where.lockName, line: each.line }, `${rule.sentence} ${WHOLE_REPORT}`);
    }
    throw error;
  }
}

async function choose(
  { page, files }: Project,
  project: ProjectName,
  locked: readonly LockedPackage[],
  { where, narrowed }: LockRequest,
): Promise<FoundFiles> {
  const chosenFor = fileChooser(await page.model(), project, where);
  const versions = distinctPackages(locked).map(chosenFor);
  const sizes = new Map(locked.flatMap((each) => each.files.map(({ filename, size }) => [filename, size])));
  const resolved = (entries: readonly FileEntry[]) =>
    [...new Set(entries)].map((entry): ResolvedFile => {
      const size = entry.size ?? sizes.get(entry.filename);
      return { files, project, entry, size, ref: refOf(entry, "file") };
    });
  return { files: resolved(versions.flatMap((each) => narrowed(each))), anywhere: resolved(versions.flat()) };
}
