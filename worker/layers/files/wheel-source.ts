import { HOUR, SECOND, inSeconds } from "../../duration.ts";
import { isUpstreamFailure, messageOf, upstreamFailed } from "../../errors.ts";
import { isCoreMetadata } from "../../pypi/core-metadata.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { upstreamValue } from "../../pypi/page.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import { type SourcePages } from "../../repository/repository.ts";
import { storeWhole, type StoringParts } from "./store-file.ts";
import { UnreadableWheel, type Piece, type ReadRange } from "../../repository/ranged-archive.ts";
import { MAX_METADATA, metadataOf } from "./wheel-metadata.ts";
import { inTime } from "../../repository/timeout.ts";
import { discard, type Artifact, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** The time for one whole transfer of a part of a wheel, or of a `.metadata`. Milliseconds. */
const READ_DEADLINE = 10 * SECOND;
const LATE = `its transfer took longer than ${inSeconds(READ_DEADLINE)} s`;

/**
 * A wheel up to this size is stored when its METADATA is needed, where others can follow it: its installation asks for the
 * wheel next, and parts of it would have been half of it. Bytes.
 */
const SMALL_WHEEL = 512 * 1024;

/** A host that has no `.metadata` beside one wheel is not asked for others during this time. Milliseconds. */
const SIBLINGLESS_TTL = HOUR;

export interface SearchParts extends StoringParts {
  /** Hosts that have no `.metadata` beside their wheels except where a page advertises it. */
  readonly siblingless: Marks;
}

/** A wheel, and the places that its bytes may come from. */
export interface WheelSource {
  /** The wheel itself. */
  readonly ref: FileRef;
  readonly listed: ListedFile;
  /** The upstream. */
  readonly inner: SourcePages;
  /** Opens the whole wheel upstream, to be stored. */
  readonly open: () => Promise<Artifact | null>;
  readonly parts: SearchParts;
}

export interface FoundMetadata {
  readonly bytes: Uint8Array;
  /** False only where it was read from a stored wheel that a digest has verified. */
  readonly unchecked: boolean;
}

/**
 * The METADATA of a wheel whose page advertises none. It is read from the stored wheel; else from a `.metadata` beside
 * the upstream's wheel that no page advertises; else from the upstream's wheel by ranges; and where ranges fail, from
 * the wheel once it is stored. Null where the upstream does not have the wheel. Throws `upstream-failed`, and
 * `UnreadableWheel` where the stored wheel is unreadable.
 */
export async function findMetadata(source: WheelSource, ctx: Context): Promise<FoundMetadata | null> {
  const stored = await storedMetadata(source, ctx);
  if (stored) return stored;
  const beside = await sibling(source, ctx);
  return beside ? { bytes: beside, unchecked: true } : wheelMetadata(source, ctx);
}

/** METADATA of the stored wheel; null where no wheel is stored, or the store cannot be read now. */
export async function storedMetadata({ parts, ref, listed }: WheelSource, ctx: Context): Promise<FoundMetadata | null> {
  let unchecked = false;
  try {
    const bytes = await metadataOf(listed.project, async (range) => {
      const artifact = await parts.files.get(ref, range);
      unchecked ||= artifact?.unchecked ?? false;
      return artifact && pieceOf(artifact);
    });
    return bytes && { bytes, unchecked };
  } catch (error) {
    if (error instanceof UnreadableWheel) throw error;
    ctx.report({ event: "storage-failed", what: ref.path, reason: messageOf(error) });
    return null;
  }
}

/**
 * The `.metadata` beside the wheel; null where there is none or it cannot be read, which says nothing about the wheel
 * itself.
 */
async function sibling({ ref, listed, inner, parts }: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  const { siblingless } = parts;
  // Where the page advertises it, the caller has already asked for it without success.
  const isAdvertised = upstreamValue(listed.entry, "core-metadata") !== undefined;
  if (isAdvertised || siblingless.get(ref.origin, ctx.now)) return null;
  try {
    const artifact = await inner.file({ ref: { ...ref, part: "metadata" }, headOnly: false, listed }, ctx);
    const reading = artifact?.body instanceof ReadableStream ? bytesOf(artifact.body, MAX_METADATA) : null;
    const bytes = await reading?.catch(() => null);
    if (bytes && isCoreMetadata(bytes, ref.filename, listed.project)) return bytes;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
  }
  siblingless.set(ref.origin, true, 0, ctx.now + SIBLINGLESS_TTL);
  return null;
}

/**
 * METADATA from the upstream's wheel, by ranges. A small wheel is stored and read, and is not asked for again when it is
 * installed. Where ranges fail, the whole wheel is stored and read: it can be verified by its digest, and only a stored
 * wheel is ever judged to be unreadable.
 */
async function wheelMetadata(source: WheelSource, ctx: Context): Promise<FoundMetadata | null> {
  const { ref, listed, parts } = source;
  const isSmall = parts.shared !== null && (upstreamValue(listed.entry, "size") ?? Infinity) <= SMALL_WHEEL;
  if (isSmall) {
    const { found, outcome } = await storeAndRead(source, ctx);
    if (found || outcome === "absent") return found;
  }
  try {
    const bytes = await metadataOf(listed.project, rangesOf(source, ctx));
    return bytes && { bytes, unchecked: true };
  } catch (error) {
    if (!(error instanceof NoRanges || error instanceof UnreadableWheel) && !isUpstreamFailure(error)) throw error;
    const { found, outcome } = await storeAndRead(source, ctx);
    if (found || outcome === "absent") return found;
    const reason = outcome === "done" ? "could not be fetched and stored" : "must be stored first, which is under way";
    throw upstreamFailed(ref.origin, `${ref.filename} ${reason}`, error);
  }
}

/** Stores the wheel, and reads METADATA from it; `found` is null where it could not be stored. Throws `upstream-failed`. */
async function storeAndRead(source: WheelSource, ctx: Context) {
  const { ref, listed, parts } = source;
  const storing = storeWhole(upstreamValue(listed.entry, "size"), () => source.open(), ref, parts, ctx);
  // Storing goes on after the answer's deadline. A failure is handled by `await storing` below.
  ctx.defer(storing.catch(() => undefined));
  const outcome = await storing;
  return { outcome, found: outcome === "absent" ? null : await storedMetadata(source, ctx) };
}

/** The upstream sends whole files only. */
class NoRanges extends Error {}

/** Reads the wheel in parts from upstream. Throws `upstream-failed`, and `NoRanges` where it sends the whole. */
function rangesOf({ ref, listed, inner }: WheelSource, ctx: Context): ReadRange {
  let sized = listed;
  return async (range) => {
    const artifact = await inner.file({ ref, headOnly: false, range, listed: sized }, ctx);
    if (!artifact) return null;
    // With the size known, no second request asks for it, and a part of a file of another size is refused.
    sized = withSize(listed, artifact.size);
    return pieceOf(artifact).catch((error: unknown) => {
      if (error instanceof NoRanges || error instanceof UnreadableWheel) throw error;
      throw upstreamFailed(ref.origin, messageOf(error), error);
    });
  };
}

function withSize({ project, entry }: ListedFile, size: number | undefined): ListedFile {
  return { project, entry: { ...entry, size, _backfilled: entry._backfilled?.filter((member) => member !== "size") } };
}

async function pieceOf(artifact: Artifact): Promise<Piece> {
  const { part, size, sliced, body } = artifact;
  // The upstream gives no ranges. A size of 0 comes from a HEAD answer that does not know the size.
  if (!part || part === "unsatisfiable" || size === undefined || (sliced && part.length < size)) {
    await discard(artifact);
    throw new NoRanges("the upstream gives no ranges of it");
  }
  const bytes = body instanceof ReadableStream ? await bytesOf(body, part.length) : (body ?? new Uint8Array());
  if (bytes.byteLength !== part.length) throw new Error("its transfer was cut");
  return { bytes, offset: part.offset, size };
}

/**
 * The whole content of a stream of at most `limit` bytes. Cancels the stream and throws where it has more, takes too
 * long or breaks off.
 */
async function bytesOf(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      total += value.byteLength;
      if (total > limit) throw new Error(`it has more than the ${limit} bytes it should have`);
      chunks.push(value);
    }
  };
  try {
    await inTime(READ_DEADLINE, LATE, read());
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}
