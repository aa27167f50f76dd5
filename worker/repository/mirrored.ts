import { IndexError, isUpstreamFailure, messageOf } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { findFile } from "../pypi/simple-json.ts";
import { listedOn } from "./listing.ts";
import type { Page } from "./page.ts";
import { opened } from "./opened.ts";
import type { FileStore, PageStore } from "./ports.ts";
import { isCurrent } from "./rechecked.ts";
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
import { nameOf, serveAndStore, storeNow, storeWhole, type StoringParts } from "./storing.ts";

/** More projects are not fetched for one file: a crafted name must not become a list of upstream requests. */
export const MAX_FETCHED = 3;

/** What the layer is put together from. */
export interface MirroredParts extends StoringParts {
  /** What of the layer below is stored: asked first where a filename could belong to several projects. */
  readonly pages: PageStore;
}

/**
 * Keeps an upstream's files, and serves only what a project's page lists: that is checked when a file is first fetched and
 * recorded with it, so that a stored file is one read. A file not stored yet is served and stored from one read; a part of
 * it is passed on from upstream, and the whole is stored behind it. A large one is passed on as well, and left to the queue.
 */
export function mirrored(parts: MirroredParts): Layer {
  const { files, pages, uses } = parts;
  return (inner) => ({
    projects: (ctx) => inner.projects(ctx),
    project: (name, ctx) => inner.project(name, ctx),
    document: (request, ctx) => inner.document(request, ctx),

    async file(request, ctx) {
      const { ref, range } = request;
      const candidates = request.candidates ?? projectCandidates(ref.filename);
      let usable = true;
      let outdated = false;
      try {
        const stored = request.keep ? await storedFacts(ref, files) : await files.get(ref, range);
        if (stored && candidates.includes(stored.project)) {
          const list = () => locateIn(stored.project, ref, inner, ctx);
          if (await isCurrent(stored, ref, parts, list, inner, ctx)) {
            uses.used(ref, ctx);
            return stored;
          }
          outdated = true;
        }
        if (stored) await discard(stored);
      } catch (error) {
        if (request.keep || error instanceof IndexError) throw error;
        ctx.report({ event: "storage-failed", what: nameOf(ref), reason: messageOf(error) });
        usable = false;
      }
      try {
        const listed = await locate(ref, candidates, inner, pages, ctx);
        return listed && (await fetchFile(request, listed, inner, usable ? parts : undefined, ctx));
      } catch (error) {
        // What is stored is the upstream's last word, though nothing has verified it.
        const stored = outdated && isUpstreamFailure(error) ? await files.get(ref, range) : null;
        if (!stored) throw error;
        ctx.report({
          event: "upstream-failed",
          what: `${nameOf(ref)}, served from the store`,
          reason: messageOf(error),
        });
        return stored;
      }
    },
  });
}

/** What is stored of a file, without its bytes: asked of the store, since what is in memory may have been deleted there. */
async function storedFacts(ref: FileRef, files: FileStore): Promise<Artifact | null> {
  const facts = await files.head(ref);
  return facts && { ...facts, body: null, via: "r2" };
}

/** @param parts undefined while the store cannot be used */
async function fetchFile(
  request: FileRequest,
  listed: Listed,
  inner: Repository,
  parts: MirroredParts | undefined,
  ctx: Context,
): Promise<Artifact> {
  const { ref, headOnly, keep } = request;
  const { modifiedAt, size, ...facts } = listedFacts(listed, ref.part);
  if (headOnly && size !== undefined && modifiedAt !== undefined) {
    return { ...facts, size, modifiedAt, body: null, via: "upstream" };
  }
  const list = () => locateIn(listed.project, ref, inner, { ...ctx, maxAge: 0 });
  const { source, at } = await opened(
    ref,
    listed,
    (where) => inner.file({ ...request, listed: where }, ctx),
    list,
    ctx,
  );
  if (!source) throw gone(ref, listed.project);
  if (headOnly) return source;
  if (keep && parts) return storeNow(source, ref, parts, ctx);
  if (!source.part) return serveAndStore(source, ref, parts, ctx);
  // So that the next part comes from here.
  if (parts)
    ctx.defer(storeWhole(source.size, () => inner.file({ ref, headOnly: false, listed: at }, ctx), ref, parts, ctx));
  return source;
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
  throw gone(ref, owner);
}

/** How this project's page lists the file; undefined where it does not, null where there is no such project. */
const locateIn = (project: ProjectName, ref: FileRef, inner: Repository, ctx: Context) =>
  listedOn(project, ref.origin, (text) => entryFor(text, ref), inner, ctx);

async function listedOnStored(page: Page | null, ref: FileRef, project: ProjectName): Promise<Listed | undefined> {
  const entry = page && entryFor(await page.text(), ref);
  return entry ? { project, entry } : undefined;
}

function entryFor(text: string, ref: FileRef) {
  const entry = findFile(text, ref);
  return ref.part === "file" || entry?.["core-metadata"] ? entry : undefined;
}

const gone = (ref: FileRef, project: ProjectName) =>
  new IndexError(
    "file-not-found",
    `The page of ${project} does not list this ${ref.part === "file" ? "file" : "file's metadata"}: ${ref.origin}/${ref.path}. If a lock file names it, it may have been removed upstream.`,
  );
