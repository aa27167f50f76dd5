import { IndexError } from "../../errors.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { MAX_FETCHED } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { findFile } from "../../pypi/simple-json.ts";
import { readOrReport } from "../revalidate.ts";
import { findListed } from "../find-listed.ts";
import type { Page } from "../../repository/page.ts";
import type { PageStore, StrayStore } from "../../repository/ports/pages.ts";
import type { FileRequest, Revalidation, SourcePages } from "../../repository/repository.ts";
import type { ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

export interface LocatingParts {
  /** The stored pages: read first where a filename could belong to several projects. */
  readonly pages: PageStore;
  /** Which projects list files whose names do not lead to them. */
  readonly strays: StrayStore;
}

/**
 * Finds the page entry of a file: on the page of a project that its name leads to, else on a page that is known to list
 * it. Null where none of the projects that it may belong to exists. Throws `file-not-found` where one exists and its
 * page, revalidated a moment ago, does not list this URL, or not its metadata; and `upstream-failed` where that page
 * could not be revalidated.
 */
export async function locate(
  request: FileRequest,
  candidates: readonly ProjectName[],
  inner: SourcePages,
  parts: LocatingParts,
  ctx: Context,
): Promise<ListedFile | null> {
  const { ref } = request;
  let failure: unknown;
  try {
    const listed = await locateAmong(candidates, ref, inner, parts.pages, ctx);
    if (listed) return listed;
  } catch (error) {
    failure = error;
  }
  const stray = await locateStray(request, candidates, inner, parts.strays, ctx);
  if (stray) return stray;
  if (failure !== undefined) throw failure;
  return null;
}

/** The same, only on pages of the projects that the filename leads to. */
async function locateAmong(
  candidates: readonly ProjectName[],
  ref: FileRef,
  inner: SourcePages,
  pages: PageStore,
  ctx: Context,
): Promise<ListedFile | null> {
  if (candidates.length > 1) {
    for (const project of candidates) {
      const stored = await pages.get(project, ctx.now, ctx).catch(() => null);
      const found = await listedOnStored(stored, ref, project);
      if (found) return found;
    }
  }
  let owner: ProjectName | undefined;
  for (const project of candidates.slice(0, MAX_FETCHED)) {
    const found = await locateIn(project, ref, inner, ctx);
    if (found) return found;
    if (found === undefined) owner ??= project;
  }
  if (owner === undefined) return null;
  throw fileNotListed(ref, owner);
}

/** The same, only on pages that were noted to list the file although its name does not lead to their project. */
async function locateStray(
  { ref, admits }: FileRequest,
  candidates: readonly ProjectName[],
  inner: SourcePages,
  strays: StrayStore,
  ctx: Context,
): Promise<ListedFile | null> {
  const noted = await readOrReport(() => strays.find(`${ref.origin}/${ref.path}`), ref.filename, ctx);
  for (const project of noted ?? []) {
    if (candidates.includes(project) || (await admits?.(project)) === false) continue;
    const found = await locateIn(project, ref, inner, ctx);
    if (found) return found;
  }
  return null;
}

/**
 * The entry on this project's page; undefined where the page does not list the file, null where there is no such
 * project.
 */
export const locateIn = (project: ProjectName, ref: FileRef, inner: SourcePages, ctx: Context, demand?: Revalidation) =>
  findListed(project, ref.origin, (text) => entryFor(text, ref), inner, ctx, demand);

async function listedOnStored(page: Page | null, ref: FileRef, project: ProjectName): Promise<ListedFile | undefined> {
  const entry = page && entryFor(await page.text(), ref);
  return entry ? { project, entry } : undefined;
}

function entryFor(text: string, ref: FileRef) {
  const entry = findFile(text, ref);
  return ref.part === "file" || entry?.["core-metadata"] ? entry : undefined;
}

/** The error for a file that a page lists, where only what is mirrored and stored is shown. */
export const notMirrored = ({ project }: ListedFile, { filename }: FileRef) =>
  new IndexError(
    "file-not-found",
    `${filename} of ${project} is not mirrored here, or not stored yet; this index has nothing else of its upstream.`,
  );

/** The error for a file that a project's page does not list. */
export const fileNotListed = (ref: FileRef, project: ProjectName) =>
  new IndexError(
    "file-not-found",
    `The page of ${project} does not list this ${ref.part === "file" ? "file" : "file's metadata"}: ${ref.origin}/${ref.path}. If a lock file names it, it may have been removed upstream.`,
  );
