import { IndexError, isUpstreamFailure, messageOf, storageFailed } from "../errors.ts";
import { type FileRef, fileLabel } from "../pypi/file-url.ts";
import type { MakePipe } from "../platform/pipe.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Digest } from "../pypi/page.ts";
import { countingAhead, type AheadCounts } from "./files/count-ahead.ts";
import { fileNotListed, locate, locateIn, notMirrored, type LocatingParts } from "./files/locate.ts";
import { absentUpstream, openListed } from "./files/open-listed.ts";
import { otherBytes } from "./files/other-bytes.ts";
import { prefetchWheel, type PrefetchParts } from "./files/prefetch-wheel.ts";
import type { FileStore } from "../repository/ports/files.ts";
import type { Marks } from "../repository/ports/freshness.ts";
import { isCurrent } from "./files/recheck.ts";
import { listedFacts } from "./read-upstream.ts";
import {
  type FileRequest,
  type ProjectFiles,
  type Repository,
  type Revalidation,
  type SourceFiles,
} from "../repository/repository.ts";
import type { SharedFills } from "./files/shared-fills.ts";
import {
  follow,
  serveAndStore,
  servePart,
  serveShared,
  whenStored,
  storeNow,
  TOUCHED_TTL,
  storeBehind,
  storeWhole,
  type StoringParts,
} from "./files/store-file.ts";
import { discard, type Artifact, type ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

export interface MirrorParts extends Omit<PrefetchParts, "onStored">, LocatingParts, AheadCounts {
  /** The upstream's address, percent-encoded. */
  readonly source: string;
  readonly pipe: MakePipe;
  /** Whether a stored file is refused once its page does not list it. */
  readonly hidesRemoved: boolean;
  /** Has a file that was looked for in the store and is not there fetched again, where it is mirrored on purpose. */
  readonly noteAbsent: (ref: FileRef, ctx: Context) => Promise<void>;
  /** Projects whose first page was made a moment ago: nothing of them can be stored. */
  readonly justListed: Marks<ProjectName>;
}

/**
 * Stores an upstream's files, and serves only those that a project's page lists: that is checked when a file is first
 * fetched, and recorded with it, so that serving a stored file costs one read. A file that is not stored yet is served
 * and stored from one read of the upstream, which the requests that come meanwhile follow where the platform has a spool.
 * For a range request the upstream's part is passed on, and the whole file is stored behind the answer. A file that the
 * platform cannot store within a request is passed on and left to the queue.
 */
export const mirrorFiles =
  (parts: MirrorParts) =>
  (inner: SourceFiles): Repository => {
    const file = fileOf(parts, inner);
    const files = projectFiles(parts, file);
    return {
      projects: (ctx) => inner.projects(ctx),
      async project(name, ctx, demand) {
        const page = await countingAhead("page", name, () => inner.project(name, ctx, demand), parts, ctx);
        return page && { page, files };
      },
      file,
      document: (request, ctx) => inner.document(request, ctx),
      hostedFiles: async (of) => (of === "all" ? [] : null),
    };
  };

/** One object for all projects of the source: a caller asks it only for files on the page of its project. */
const projectFiles = ({ source, files, uses, fills }: MirrorParts, file: Repository["file"]): ProjectFiles => ({
  source,
  file,
  stored: (ref) => files.head(ref),
  read: (ref) => files.get(ref),
  used: (ref, ctx) => uses.used(ref, ctx),
  enqueue: (refs) => fills.sendAll(refs),
});

function fileOf(parts: MirrorParts, inner: SourceFiles): Repository["file"] {
  const known = knownFile(parts, inner);
  const find = async (request: FileRequest, ctx: Context) => {
    const candidates = request.candidates ?? projectCandidates(request.ref.filename);
    return isFirst(request, candidates, parts, ctx)
      ? firstFile(request, candidates, parts, inner, ctx)
      : known(request, candidates, ctx);
  };
  const counted = (request: FileRequest, ctx: Context) =>
    countingAhead(request.ref.part, fileLabel(request.ref), () => find(request, ctx), parts, ctx);
  const { source } = parts;
  return async (request, ctx) => {
    const { assertAdmitted } = request;
    // Only a policy asks where a file comes from.
    if (!assertAdmitted) return counted(request, ctx);
    const artifact = await counted(
      { ...request, assertAdmitted: (listed) => assertAdmitted({ ...listed, source }, ctx) },
      ctx,
    );
    return artifact && { ...artifact, source };
  };
}

/** Whether this is the first request for a file of a project whose first page was made a moment ago. */
function isFirst(
  { ref, keep, probe, storedOnly }: FileRequest,
  candidates: readonly ProjectName[],
  { justListed, touched }: MirrorParts,
  ctx: Context,
): boolean {
  const label = fileLabel(ref);
  const wasTouched = touched.get(label, ctx.now);
  touched.set(label, true, 0, ctx.now + TOUCHED_TTL);
  const [project] = candidates;
  return (
    !wasTouched &&
    !keep &&
    !storedOnly &&
    !probe &&
    candidates.length === 1 &&
    project !== undefined &&
    justListed.get(project, ctx.now) === true
  );
}

/**
 * A file that the store is not asked for. Only where it cannot be fetched the store is asked after all: the project's page
 * may have been lost there, and not its files. The store refuses a file that it has.
 */
async function firstFile(
  request: FileRequest,
  candidates: readonly ProjectName[],
  parts: MirrorParts,
  inner: SourceFiles,
  ctx: Context,
): Promise<Artifact | null> {
  const storedFile = async () => {
    const stored = await parts.files.get(request.ref, request.range).catch(() => null);
    if (!stored) return null;
    const isListed = () => locateIn(stored.project, request.ref, inner, ctx).catch(() => null);
    const mayServe = await mayGive(stored, request, candidates);
    if (mayServe && (!parts.hidesRemoved || (await isListed()))) return stored;
    await discard(stored);
    return null;
  };
  try {
    const listed = await locate(request, candidates, inner, parts, ctx);
    if (!listed) return await storedFile();
    await request.assertAdmitted?.(listed, ctx);
    await admit(request.ref, parts, ctx);
    // A wheel that was prefetched meanwhile.
    const late = parts.shared?.hasJustStored(request.ref, ctx) ? await storedFile() : null;
    if (late) return late;
    return await fetchFile(request, listed, inner, parts, true, ctx);
  } catch (error) {
    const stored = await storedFile();
    if (stored) return stored;
    throw error;
  }
}

function knownFile(parts: MirrorParts, inner: SourceFiles) {
  const { files, uses } = parts;
  return async (request: FileRequest, candidates: readonly ProjectName[], ctx: Context): Promise<Artifact | null> => {
    const { ref, range } = request;
    let failure: unknown;
    let outdated = false;
    let isAbsent = false;
    try {
      const copying = request.headOnly ? undefined : ctx;
      const needsNone = request.keep || request.probe;
      const stored = needsNone ? await storedFacts(ref, files) : await files.get(ref, range, copying);
      isAbsent = stored === null;
      if (stored && (await mayGive(stored, request, candidates))) {
        const list = () => locateIn(stored.project, ref, inner, ctx);
        if (parts.hidesRemoved) await assertListed(stored, ref, list);
        if (await isCurrent(stored, ref, parts, list, inner, ctx)) {
          uses.used(ref, ctx);
          return stored;
        }
        outdated = true;
      }
      if (stored) await discard(stored);
    } catch (error) {
      if (request.keep || error instanceof IndexError) throw error;
      ctx.report({ event: "storage-failed", what: fileLabel(ref), reason: messageOf(error) });
      failure = error;
    }
    const usable = failure === undefined;
    try {
      const listed = request.listed ?? (await locate(request, candidates, inner, parts, ctx));
      if (usable && !outdated && parts.shared?.hasJustStored(ref, ctx)) {
        const late = request.keep ? await storedFacts(ref, files) : await files.get(ref, range);
        if (late) return late;
      }
      if (listed && request.storedOnly) {
        if (!usable) throw storageFailed(failure);
        if (isAbsent) ctx.defer(parts.noteAbsent(ref, ctx));
        throw notMirrored(listed, ref);
      }
      // First: what the index refuses does not count as fetched.
      if (listed) await request.assertAdmitted?.(listed, ctx);
      // A stored file that is to be replaced is not new.
      if (listed && !outdated) await admit(ref, parts, ctx);
      return listed && (await fetchFile(request, listed, inner, parts, usable, ctx));
    } catch (error) {
      // The file that should replace the stored one cannot be fetched: the stored one, though unverified, is served.
      const stored = outdated && isUpstreamFailure(error) ? await files.get(ref, range) : null;
      if (!stored) throw error;
      ctx.report({
        event: "upstream-failed",
        what: `${fileLabel(ref)}, served from the store`,
        reason: messageOf(error),
      });
      return stored;
    }
  };
}

/** Throws `file-not-found` where the file's page does not list it, and where the project is gone. */
async function assertListed(stored: Artifact, ref: FileRef, list: () => Promise<ListedFile | undefined | null>) {
  try {
    if (await list()) return;
  } catch (error) {
    await discard(stored);
    throw error;
  }
  await discard(stored);
  throw fileNotListed(ref, stored.project);
}

/** Throws `too-many-requests` where the sender may not have a new file fetched; one that is just being stored costs nothing more. */
async function admit(ref: FileRef, { shared }: MirrorParts, ctx: Context): Promise<void> {
  if (!shared?.has(ref)) await ctx.allowance?.admit();
}

/**
 * Whether the request may have a stored file of this project: a page may list files whose names do not lead to its
 * project.
 */
async function mayGive({ project }: Artifact, { ref, admits }: FileRequest, candidates: readonly ProjectName[]) {
  if (candidates.includes(project)) return true;
  return !projectCandidates(ref.filename).includes(project) && (await admits?.(project)) !== false;
}

/**
 * The facts of a stored file, without its bytes. Read from the store: the file in memory may have been deleted there.
 */
async function storedFacts(ref: FileRef, files: FileStore): Promise<Artifact | null> {
  const facts = await files.head(ref);
  return facts && { ...facts, body: null, via: "r2" };
}

/** @param usable whether the store can be used now */
async function fetchFile(
  request: FileRequest,
  listed: ListedFile,
  inner: SourceFiles,
  parts: MirrorParts,
  usable: boolean,
  ctx: Context,
): Promise<Artifact> {
  if (ctx.storesNothingNew) {
    const artifact = await inner.file({ ...request, listed }, ctx);
    if (artifact) return artifact;
    throw absentUpstream(request.ref, listed);
  }
  const begun = parts.now();
  const artifact = await fetchListed(request, listed, inner, parts, usable, ctx);
  const store = (ref: FileRef) => fetchListed({ ref, headOnly: false, keep: true }, listed, inner, parts, true, ctx);
  if (usable) prefetchWheel(request, listed, begun, store, parts, ctx);
  return artifact;
}

async function fetchListed(
  request: FileRequest,
  listed: ListedFile,
  inner: SourceFiles,
  parts: MirrorParts,
  usable: boolean,
  ctx: Context,
): Promise<Artifact> {
  const { ref, headOnly, range, keep, probe } = request;
  const { modifiedAt, size, ...facts } = listedFacts(listed, ref.part);
  // No distribution file is empty: a size of 0 is wrong.
  if (headOnly && size && modifiedAt !== undefined) {
    return { ...facts, size, modifiedAt, body: null, via: "upstream" };
  }
  const { shared, refusals } = parts;
  const isUnderWay = shared?.has(ref) ?? false;
  const given = isUnderWay ? await fromFill(request, facts.digest, shared, parts) : null;
  if (given) return given;
  // Only a newly made page has a new signature, even where nothing else on it has changed.
  const renewed: Revalidation = listed.entry._signed ? { remake: true } : { maxAgeMs: 0 };
  const list = () => locateIn(listed.project, ref, inner, ctx, renewed);
  const open = async () => {
    const { source, at } = await openListed(
      ref,
      listed,
      (where) => inner.file({ ...request, listed: where }, ctx),
      list,
      ctx,
    );
    const storing: StoringParts = {
      ...parts,
      onStored: (artifact, stored) => inner.fileStored({ ...at, ref, artifact }, stored, ctx),
    };
    return { source, at, storing };
  };
  if (probe) {
    const refusal = refusals.get(fileLabel(ref), ctx.now);
    if (refusal !== undefined) throw new IndexError("wrong-bytes", otherBytes(ref, refusal));
    const { source } = await open();
    await discard(source);
    return { ...source, body: null };
  }
  const maySpool = usable && !headOnly && !range && !isUnderWay ? shared : null;
  if (keep && usable) return storeNow(ref, open, maySpool, ctx);
  if (maySpool) return serveShared(ref, open, maySpool, parts.pipe, ctx);
  const { source, at, storing } = await open();
  if (headOnly) return source;
  if (!source.part) return serveAndStore(source, ref, usable ? storing : undefined, parts.pipe, ctx);
  // Store the whole file, so that the next part is served from the store.
  if (usable) {
    const whole = () => inner.file({ ref, headOnly: false, listed: at }, ctx);
    storeBehind(storeWhole(source.size, whole, ref, storing, ctx), ref, "after a part of it", ctx);
  }
  return servePart(source, ref, parts.pipe, ctx);
}

/** What a fill that is under way has for a request; null where the request must ask the upstream itself. */
async function fromFill(
  { ref, headOnly, range, keep }: FileRequest,
  digest: Digest | undefined,
  shared: SharedFills | null,
  { files }: MirrorParts,
): Promise<Artifact | null> {
  const fill = await shared?.find(ref, digest);
  if (!fill) return null;
  if (headOnly) return fill.growing.facts;
  if (keep) return whenStored(fill, ref, files);
  return range ? fill.growing.part(range) : follow(fill, ref, files);
}
