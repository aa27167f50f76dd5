import { IndexError, isUpstreamFailure, messageOf } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { gone, locate, locateIn, type LocatingParts } from "./locating.ts";
import { opened } from "./opened.ts";
import type { FileStore } from "./ports.ts";
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

/** What the layer is put together from. */
export type MirroredParts = StoringParts & LocatingParts;

/**
 * Keeps an upstream's files, and serves only what a project's page lists: that is checked when a file is first fetched and
 * recorded with it, so that a stored file is one read. A file not stored yet is served and stored from one read; a part of
 * it is passed on from upstream, and the whole is stored behind it. A large one is passed on as well, and left to the queue.
 */
export function mirrored(parts: MirroredParts): Layer {
  const { files, uses } = parts;
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
        if (stored && (await mayGive(stored, request, candidates))) {
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
        const listed = await locate(request, candidates, inner, parts, ctx);
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

/** Whether the project that a stored file was listed by may be the one that is meant: the filename need not lead to it. */
async function mayGive({ project }: Artifact, { ref, admits }: FileRequest, candidates: readonly ProjectName[]) {
  if (candidates.includes(project)) return true;
  return !projectCandidates(ref.filename).includes(project) && (await admits?.(project)) !== false;
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
  // A size of 0 is no file's, so it is not said.
  if (headOnly && size && modifiedAt !== undefined) {
    return { ...facts, size, modifiedAt, body: null, via: "upstream" };
  }
  // A signature is renewed with the page alone, though nothing else on it has changed.
  const renewed: Context = listed.entry._signed ? { ...ctx, anew: true } : { ...ctx, maxAge: 0 };
  const list = () => locateIn(listed.project, ref, inner, renewed);
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
