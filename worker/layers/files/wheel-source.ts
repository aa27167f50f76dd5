import { isUpstreamFailure, messageOf, upstreamFailed } from "../../errors.ts";
import { isCoreMetadata } from "../../pypi/core-metadata.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { upstreamsOwn } from "../../pypi/page.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import { type SourcePages } from "../../repository/repository.ts";
import { storeWhole, type StoringParts } from "./store-file.ts";
import { UnreadableWheel, type Piece, type ReadRange } from "../../repository/ranged-archive.ts";
import { MAX_METADATA, metadataOf } from "./wheel-metadata.ts";
import { inTime } from "../../repository/timeout.ts";
import { discard, type Artifact, type Listed } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** For a part of a wheel, or a `.metadata`, from its first byte to its last. Milliseconds. */
const READ_DEADLINE = 10_000;
const LATE = `its transfer took longer than ${READ_DEADLINE / 1_000} s`;

/** How long a host that has no `.metadata` beside one wheel is not asked for others. Milliseconds. */
const SIBLINGLESS = 3_600_000;

/** What the search for METADATA is made with. */
export interface SearchParts extends StoringParts {
  /** Hosts that have no `.metadata` beside their wheels but where they advertise it. */
  readonly siblingless: Marks;
}

/** A wheel, and where its bytes may come from. */
export interface WheelSource {
  /** The wheel itself. */
  readonly ref: FileRef;
  readonly listed: Listed;
  /** The upstream. */
  readonly inner: SourcePages;
  /** The whole wheel from there, for the store. */
  readonly open: () => Promise<Artifact | null>;
  readonly parts: SearchParts;
}

/** METADATA of a wheel. */
export interface Found {
  readonly bytes: Uint8Array;
  /** Whether it is not from a stored wheel that a digest has verified. */
  readonly unchecked: boolean;
}

/**
 * The METADATA of a wheel whose page advertises none: from the stored wheel, else from a sibling that the upstream does not
 * speak of, else from the wheel by ranges, and where they do not lead to it, from the wheel once it is stored. Null where the
 * upstream does not have the wheel; throws `upstream-failed`, and `UnreadableWheel` where that is what the stored wheel is.
 */
export async function findMetadata(source: WheelSource, ctx: Context): Promise<Found | null> {
  const stored = await storedMetadata(source, ctx);
  if (stored) return stored;
  const beside = await sibling(source, ctx);
  return beside ? { bytes: beside, unchecked: true } : wheelMetadata(source, ctx);
}

/** METADATA of the wheel in the store; null where it is not there, or cannot be read from there now. */
export async function storedMetadata({ parts, ref, listed }: WheelSource, ctx: Context): Promise<Found | null> {
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

/** The `.metadata` beside the wheel. That it cannot be had says nothing: the wheel is the one that decides. */
async function sibling({ ref, listed, inner, parts }: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  const { siblingless } = parts;
  // Where the upstream speaks of it, it has been asked for in vain.
  const isAdvertised = upstreamsOwn(listed.entry, "core-metadata") !== undefined;
  if (isAdvertised || siblingless.get(ref.origin, ctx.now)) return null;
  try {
    const artifact = await inner.file({ ref: { ...ref, part: "metadata" }, headOnly: false, listed }, ctx);
    const reading = artifact?.body instanceof ReadableStream ? bytesOf(artifact.body, MAX_METADATA) : null;
    const bytes = await reading?.catch(() => null);
    if (bytes && isCoreMetadata(bytes, ref.filename, listed.project)) return bytes;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
  }
  siblingless.set(ref.origin, true, 0, ctx.now + SIBLINGLESS);
  return null;
}

/**
 * METADATA from the wheel upstream. What goes wrong with ranges, a whole transfer may still get right, and it alone can be
 * verified: that a wheel is unreadable is believed of a stored one only.
 */
async function wheelMetadata(source: WheelSource, ctx: Context): Promise<Found | null> {
  const { ref, listed, parts } = source;
  try {
    const bytes = await metadataOf(listed.project, rangesOf(source, ctx));
    return bytes && { bytes, unchecked: true };
  } catch (error) {
    if (!(error instanceof NoRanges || error instanceof UnreadableWheel) && !isUpstreamFailure(error)) throw error;
    const storing = storeWhole(upstreamsOwn(listed.entry, "size"), () => source.open(), ref, parts, ctx);
    // It goes on where the answer can wait no longer. Its failure is told below.
    ctx.defer(storing.catch(() => undefined));
    const outcome = await storing;
    if (outcome === "absent") return null;
    const stored = await storedMetadata(source, ctx);
    if (stored) return stored;
    const reason = outcome === "done" ? "could not be fetched and stored" : "must be stored first, which is under way";
    throw upstreamFailed(ref.origin, `${ref.filename} ${reason}`, error);
  }
}

/** The upstream sends whole files only. */
class NoRanges extends Error {}

/** Reads the wheel in parts from upstream. Throws `upstream-failed`, and `NoRanges` where it sends the whole. */
function rangesOf({ ref, listed, inner }: WheelSource, ctx: Context): ReadRange {
  let sized = listed;
  return async (range) => {
    const artifact = await inner.file({ ref, headOnly: false, range, listed: sized }, ctx);
    if (!artifact) return null;
    // Nobody is asked for the size twice, and a part of a file of another size is refused.
    sized = withSize(listed, artifact.size);
    return pieceOf(artifact).catch((error: unknown) => {
      if (error instanceof NoRanges || error instanceof UnreadableWheel) throw error;
      throw upstreamFailed(ref.origin, messageOf(error), error);
    });
  };
}

function withSize({ project, entry }: Listed, size: number | undefined): Listed {
  return { project, entry: { ...entry, size, _backfilled: entry._backfilled?.filter((member) => member !== "size") } };
}

async function pieceOf(artifact: Artifact): Promise<Piece> {
  const { part, size, sliced, body } = artifact;
  // A file of no bytes is what a HEAD says that does not know better.
  if (!part || part === "unsatisfiable" || size === undefined || (sliced && part.length < size)) {
    await discard(artifact);
    throw new NoRanges("the upstream gives no ranges of it");
  }
  const bytes = body instanceof ReadableStream ? await bytesOf(body, part.length) : (body ?? new Uint8Array());
  if (bytes.byteLength !== part.length) throw new Error("its transfer was cut");
  return { bytes, offset: part.offset, size };
}

/** The whole of a stream of at most `limit` bytes; where it has more, is late or breaks off, it is cancelled, and that thrown. */
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
