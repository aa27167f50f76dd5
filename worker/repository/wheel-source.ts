import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { isCoreMetadata } from "../pypi/core-metadata.ts";
import { storeAlone } from "./fill.ts";
import type { FileStore, Marks } from "./ports.ts";
import { discard, type Artifact, type Context, type Listed, type Repository } from "./repository.ts";
import { FINISH_ALONE } from "./storing.ts";
import { MAX_METADATA, metadataOf, UnreadableWheel, type Piece, type ReadRange } from "./wheel-metadata.ts";
import { within } from "./within.ts";

/** For a part of a wheel, or a `.metadata`, from its first byte to its last. Milliseconds. */
const READ_DEADLINE = 10_000;
const LATE = `its transfer took longer than ${READ_DEADLINE / 1_000} s`;

/** How long a host that has no `.metadata` beside one wheel is not asked for others. Milliseconds. */
const SIBLINGLESS = 3_600_000;

/** A wheel, and where its bytes may come from. */
export interface WheelSource {
  /** The wheel itself. */
  readonly ref: FileRef;
  readonly listed: Listed;
  /** The upstream. */
  readonly inner: Repository;
  /** The whole wheel from there, for the store. */
  readonly open: () => Promise<Artifact | null>;
  readonly files: FileStore;
  /** Hosts that have no `.metadata` beside their wheels but where they advertise it. */
  readonly siblingless: Marks;
}

/**
 * The METADATA of a wheel whose page advertises none: from the stored wheel, else from a sibling that the upstream does not
 * speak of, else from the wheel by ranges, and where there are no ranges, from the wheel on its way into the store. Null
 * where the upstream does not have the wheel; throws `UnreadableWheel`, or `upstream-failed`.
 */
export async function findMetadata(source: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  return (await storedMetadata(source, ctx)) ?? (await sibling(source, ctx)) ?? (await wheelMetadata(source, ctx));
}

/** METADATA of the wheel in the store; null where it is not there, or cannot be read from there now. */
export async function storedMetadata({ files, ref, listed }: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  try {
    return await metadataOf(listed.project, async (range) => {
      const artifact = await files.get(ref, range);
      return artifact && pieceOf(artifact);
    });
  } catch (error) {
    if (error instanceof UnreadableWheel) throw error;
    ctx.report({ event: "storage-failed", what: ref.path, reason: messageOf(error) });
    return null;
  }
}

/** The `.metadata` beside the wheel. That it cannot be had says nothing: the wheel is the one that decides. */
async function sibling({ ref, listed, inner, siblingless }: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  if (siblingless.get(ref.origin, ctx.now)) return null;
  try {
    const artifact = await inner.file({ ref: { ...ref, part: "metadata" }, headOnly: false, listed }, ctx);
    const bytes = artifact?.body instanceof ReadableStream ? await bounded(artifact.body) : null;
    if (bytes && isCoreMetadata(bytes, listed.project)) return bytes;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
  }
  siblingless.set(ref.origin, true, 0, ctx.now + SIBLINGLESS);
  return null;
}

/** METADATA from the wheel upstream. What goes wrong with ranges, a whole transfer may still get right. */
async function wheelMetadata(source: WheelSource, ctx: Context): Promise<Uint8Array | null> {
  const { ref, listed, files } = source;
  try {
    return await metadataOf(listed.project, rangesOf(source, ctx));
  } catch (error) {
    if (!(error instanceof NoRanges) && !isUpstreamFailure(error)) throw error;
    const whole = await source.open();
    if (!whole) return null;
    if (whole.size !== undefined && whole.size > FINISH_ALONE) {
      await discard(whole);
      throw isUpstreamFailure(error) ? error : new UnreadableWheel(`${error.message}, and it is large`);
    }
    await storeAlone(whole, ref.path, { sink: files.create(ref, whole), limit: FINISH_ALONE }, ctx);
    const bytes = await storedMetadata(source, ctx);
    if (bytes) return bytes;
    throw upstreamFailed(ref.origin, `${ref.filename} could not be fetched and stored`, error);
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
  const bytes = await within(READ_DEADLINE, LATE, new Response(body as BodyInit).bytes());
  if (bytes.byteLength !== part.length) throw new Error("its transfer was cut");
  return { bytes, offset: part.offset, size };
}

/** The whole of a stream; null where it is late, breaks off or is larger than METADATA may be. */
async function bounded(body: ReadableStream<Uint8Array>): Promise<Uint8Array | null> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      total += value.byteLength;
      if (total > MAX_METADATA) throw new Error("it is too large");
      chunks.push(value);
    }
  };
  try {
    await within(READ_DEADLINE, LATE, read());
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch {
    await reader.cancel().catch(() => undefined);
    return null;
  }
}
