import { IndexError, messageOf, upstreamFailed } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { findFile } from "../pypi/simple-json.ts";
import { fill, FINISH_ALONE, storeAlone } from "./fill.ts";
import type { Page } from "./page.ts";
import type { FileStore, Marks, PageStore } from "./ports.ts";
import { listedFacts } from "./remote.ts";
import {
  discard,
  type Artifact,
  type Context,
  type FileRequest,
  type Layer,
  type Listed,
  type Repository,
} from "./repository.ts";

/** A page that does not list a file is checked again if it was checked longer ago than this. Milliseconds. */
const LISTING_MAX_AGE = 30_000;

/** More projects are not fetched for one file: a crafted name must not become a list of upstream requests. */
const MAX_FETCHED = 3;

/** How long it is believed at the most that a file is being stored. Milliseconds. */
const FILLING = 60_000;

/** What the layer is put together from. */
export interface MirroredParts {
  readonly files: FileStore;
  /** What of the layer below is stored: asked first where a filename could belong to several projects. */
  readonly pages: PageStore;
  /** Files that this isolate is storing: R2 refuses a second write to a key within a second, and one is enough. */
  readonly filling: Marks;
}

/**
 * Keeps an upstream's files, and serves only what a project's page lists: that is checked when a file is first fetched and
 * recorded with it, so that a stored file is one read. A file not stored yet is served and stored from one read; a part of
 * it is passed on from upstream, and the whole is stored behind it.
 */
export function mirrored(parts: MirroredParts): Layer {
  const { files, pages } = parts;
  return (inner) => ({
    projects: (ctx) => inner.projects(ctx),
    project: (name, ctx) => inner.project(name, ctx),

    async file(request, ctx) {
      const { ref, range } = request;
      const candidates = request.candidates ?? projectCandidates(ref.filename);
      let usable = true;
      try {
        const stored = await files.get(ref, range);
        if (stored && candidates.includes(stored.project)) return stored;
        if (stored) await discard(stored);
      } catch (error) {
        ctx.report({ event: "storage-failed", what: nameOf(ref), reason: messageOf(error) });
        usable = false;
      }
      const listed = await locate(ref, candidates, inner, pages, ctx);
      return listed && fetchFile({ ...request, listed }, listed, inner, usable ? parts : undefined, ctx);
    },
  });
}

/** @param parts undefined while the store cannot be used */
async function fetchFile(
  request: FileRequest,
  listed: Listed,
  inner: Repository,
  parts: MirroredParts | undefined,
  ctx: Context,
): Promise<Artifact> {
  const { ref, headOnly } = request;
  const { modifiedAt, size, ...facts } = listedFacts(listed, ref.part);
  if (headOnly && size !== undefined && modifiedAt !== undefined) {
    return { ...facts, size, modifiedAt, body: null, via: "upstream" };
  }
  const source = await inner.file(request, ctx);
  if (!source) throw gone(ref, listed.project);
  if (source.part && parts) ctx.defer(storeBehind(request, listed, inner, parts, ctx));
  if (headOnly || source.part) return source;
  const name = nameOf(ref);
  const release = parts && claim(name, parts, ctx);
  const { artifact, filled } = fill(source, name, release && parts.files.create(ref, source), ctx);
  ctx.defer(release ? filled.finally(release) : filled);
  return artifact;
}

/** Stores the whole of a file of which a part was asked for, so that the next part comes from here. */
async function storeBehind(
  request: FileRequest,
  listed: Listed,
  inner: Repository,
  parts: MirroredParts,
  ctx: Context,
): Promise<void> {
  const { ref } = request;
  const name = nameOf(ref);
  // A larger file would not be finished in the time that the platform gives to work behind an answer.
  if ((listedFacts(listed, ref.part).size ?? 0) > FINISH_ALONE) return;
  const release = claim(name, parts, ctx);
  if (!release) return;
  try {
    const source = await inner.file({ ...request, range: undefined, headOnly: false }, ctx);
    if (source) await storeAlone(source, name, parts.files.create(ref, source), ctx);
  } finally {
    release();
  }
}

/** Takes the storing of a file on, and returns how to give it up; undefined where another request is storing it. */
function claim(name: string, { filling }: MirroredParts, ctx: Context): (() => void) | undefined {
  if (filling.get(name, ctx.now)) return undefined;
  filling.set(name, true, 0, ctx.now + FILLING);
  return () => filling.delete(name);
}

/**
 * How the file's page lists it. Null where none of the projects it may belong to exists; throws `file-not-found` where one
 * exists and its page, checked a moment ago, does not list this URL, or not its metadata; and `upstream-failed` where that
 * page could not be checked.
 */
async function locate(
  ref: FileRef,
  candidates: readonly ProjectName[],
  inner: Repository,
  pages: PageStore,
  ctx: Context,
): Promise<Listed | null> {
  if (candidates.length > 1) {
    for (const project of candidates) {
      const stored = await pages.get(project, ctx.now).catch(() => null);
      const found = await listedOn(stored, ref, project);
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
  throw gone(ref, owner);
}

/** How this project's page lists the file; undefined where it does not, null where there is no such project. */
async function locateIn(project: ProjectName, ref: FileRef, inner: Repository, ctx: Context) {
  let page = await inner.project(project, ctx);
  if (!page) return null;
  const { via } = page;
  let found = await listedOn(page, ref, project);
  if (!found && via !== "upstream" && via !== "stale") {
    // A lock file may know a file that is younger than the page: the page is then checked once more.
    page = await inner.project(project, { ...ctx, maxAge: LISTING_MAX_AGE });
    found = await listedOn(page, ref, project);
  }
  // The file may be younger than what is stored: that it is not there is more than can be said.
  if (!found && page?.via === "stale") throw upstreamFailed(ref.origin, `the page of ${project} could not be checked`);
  return found;
}

async function listedOn(page: Page | null, ref: FileRef, project: ProjectName): Promise<Listed | undefined> {
  const entry = page && findFile(await page.text(), ref);
  if (!entry || (ref.part === "metadata" && !entry["core-metadata"])) return undefined;
  return { project, entry };
}

const gone = (ref: FileRef, project: ProjectName) =>
  new IndexError(
    "file-not-found",
    `The page of ${project} does not list this ${ref.part === "file" ? "file" : "file's metadata"}: https://${ref.origin}/${ref.path}. If a lock file names it, it may have been removed upstream.`,
  );

const nameOf = ({ origin, path, part }: FileRef) => `${origin}/${path}${part === "metadata" ? ".metadata" : ""}`;
