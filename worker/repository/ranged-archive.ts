import type { RangeSpec } from "./range.ts";

/** A part of a wheel of `size` bytes: exactly the part that was asked for, up to the wheel's end. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly size: number;
}

/** Reads a part of a wheel; null where there is no such wheel. Its errors are passed on. */
export type ReadRange = (range: RangeSpec) => Promise<Piece | null>;

/** An archive member's place and facts, from the archive's directory. */
interface Placed {
  readonly offset: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly compressionMethod: number;
  readonly crc32: number;
}

/** The wheel's content cannot be read, and trying again will not help. */
export class UnreadableWheel extends Error {}

/** Room for a member's local header: 30 bytes, the member's name and extra fields. Bytes. */
const LOCAL_HEADER = 1_024;

const LOCAL_SIGNATURE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** How much compressed data is inflated at a time. Bytes. */
const STEP = 4 * 1024;

/** A wheel that is read in parts, its directory first, which is at the end. Parts that were read are kept. */
export class RangedArchive {
  readonly size: number;
  /** Set where a part could not be read; stays undefined where the archive itself is at fault. */
  failure: { readonly error: unknown } | undefined;
  readonly #read: ReadRange;
  readonly #pieces: Piece[];
  readonly #maxReads: number;
  readonly #maxBytes: number;

  /**
   * @param tail its last bytes, read already
   * @param maxReads how many reads are allowed, `tail` included
   * @param maxBytes how many bytes may be read, `tail` included
   */
  constructor(read: ReadRange, tail: Piece, maxReads: number, maxBytes: number) {
    this.size = tail.size;
    this.#read = read;
    this.#pieces = [tail];
    this.#maxReads = maxReads;
    this.#maxBytes = maxBytes;
  }

  /** These bytes, up to the end of the wheel. */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    return this.#kept(offset, length) ?? this.#load(offset, Math.min(offset + length, this.size));
  }

  #kept(offset: number, length: number): Uint8Array | undefined {
    const end = Math.min(offset + length, this.size);
    const piece = this.#pieces.find((kept) => kept.offset <= offset && end <= kept.offset + kept.bytes.byteLength);
    return piece?.bytes.slice(offset - piece.offset, end - piece.offset);
  }

  async #load(offset: number, end: number): Promise<Uint8Array> {
    if (offset < 0 || end <= offset) throw new UnreadableWheel("its directory leads out of the file");
    const kept = this.#pieces.reduce((total, piece) => total + piece.bytes.byteLength, 0);
    if (kept + end - offset > this.#maxBytes) throw new UnreadableWheel("its directory is too large");
    if (this.#pieces.length >= this.#maxReads) throw new UnreadableWheel("its directory is too scattered");
    try {
      const piece = await this.#read({ start: offset, end: end - 1 });
      if (!piece) throw new Error("the wheel is no longer there");
      this.#pieces.push(piece);
      return piece.bytes;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

/**
 * A member's content, of `max` bytes at most. Throws `UnreadableWheel`.
 *
 * @param name what to call the member in messages
 */
export async function contentOf(
  wheel: RangedArchive,
  { offset, compressedSize, compressionMethod, uncompressedSize, crc32 }: Placed,
  name: string,
  max: number,
): Promise<Uint8Array> {
  if (Math.max(compressedSize, uncompressedSize) > max) throw tooLarge(name, max);
  const local = await wheel.bytes(offset, LOCAL_HEADER + compressedSize);
  const view = new DataView(local.buffer, local.byteOffset, local.byteLength);
  if (local.byteLength < 30 || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw new UnreadableWheel(`its ${name} is not where its directory says`);
  }
  const start = 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const packed = await wheel.bytes(offset + start, compressedSize);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw new UnreadableWheel(`its ${name} is compressed by a method other than deflate`);
  }
  const content = compressionMethod === STORED ? packed : await inflated(packed, name, max);
  if (content.byteLength !== uncompressedSize || crc32Of(content) !== crc32) {
    throw new UnreadableWheel(`its ${name} does not have the size and the checksum that its directory says`);
  }
  return content;
}

/**
 * Inflates raw deflate data in small steps: the output is counted only after each step, and one step gives at most
 * 1,032 times its input.
 */
async function inflated(packed: Uint8Array, name: string, max: number): Promise<Uint8Array> {
  let at = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= packed.byteLength) controller.close();
      else controller.enqueue(packed.subarray(at, (at += STEP)));
    },
  });
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    // Where an error ends the loop, the stream is cancelled.
    for await (const chunk of source.pipeThrough(new DecompressionStream("deflate-raw"))) {
      total += chunk.byteLength;
      if (total > max) throw tooLarge(name, max);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof UnreadableWheel) throw error;
    throw new UnreadableWheel(`its ${name} is not compressed soundly`, { cause: error });
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** What the eight bits of a byte do to the checksum, for each byte. */
const CRC32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 as in ZIP (ISO 3309), unsigned. */
function crc32Of(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

const tooLarge = (name: string, max: number) =>
  new UnreadableWheel(`its ${name} has more than ${max / 1024 / 1024} MiB`);
