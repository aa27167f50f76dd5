import { ZipReader, type FileEntry as Member, type Reader } from "@zip.js/zip.js/lib/zip-core-reader.js";
import { messageOf } from "../errors.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { RangeSpec } from "./range.ts";

/** A part of a wheel of `size` bytes: exactly the part that was asked for, as far as the wheel has it. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly size: number;
}

/** Reads a part of a wheel; null where there is no such wheel. What it throws is thrown on. */
export type ReadRange = (range: RangeSpec) => Promise<Piece | null>;

/** The wheel is not one whose METADATA can be read, however often it is tried. */
export class UnreadableWheel extends Error {}

/** The first read: most wheels' whole directory, and METADATA with it, since `dist-info` comes last (PEP 427). Bytes. */
const TAIL = 66 * 1024;

/** The largest METADATA on PyPI has a few hundred KB. Counted as it is inflated: a header may say what it likes. Bytes. */
export const MAX_METADATA = 5 * 1024 * 1024;

/** Of all reads together. Wheels of 30,000 files have directories of 4 MiB, and METADATA may come to it. Bytes. */
const MAX_READ = 12 * 1024 * 1024;

/** The tail, the directory and METADATA make three; a crafted directory would have the reader look all over the file. */
const MAX_READS = 6;

/** A member's local header: 30 bytes, its name, and extra fields, for which there is room here. Bytes. */
const LOCAL_HEADER = 1_024;

const LOCAL_SIGNATURE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** What is inflated at a time. Bytes. */
const STEP = 4 * 1024;

/**
 * The METADATA of a wheel of `project`, byte for byte, read in few parts; null where there is no such wheel. Throws
 * `UnreadableWheel` where it is no sound ZIP archive, where not exactly one top-level `dist-info` is the project's, or where
 * METADATA is too large.
 */
export async function metadataOf(project: ProjectName, read: ReadRange): Promise<Uint8Array | null> {
  const tail = await read({ suffix: TAIL });
  if (!tail) return null;
  const wheel = new Wheel(read, tail);
  try {
    return await contentOf(wheel, await metadataMember(wheel, project));
  } catch (error) {
    if (wheel.failure) throw wheel.failure.error;
    throw error instanceof UnreadableWheel ? error : new UnreadableWheel(messageOf(error), { cause: error });
  }
}

/** A wheel as zip.js reads its directory, which lies at the end: what was read once is kept. */
class Wheel {
  readonly size: number;
  /** Why a part could not be read, as opposed to what is wrong with the archive. */
  failure: { readonly error: unknown } | undefined;
  readonly #read: ReadRange;
  readonly #pieces: Piece[];

  constructor(read: ReadRange, tail: Piece) {
    this.size = tail.size;
    this.#read = read;
    this.#pieces = [tail];
  }

  /** For zip.js. The directory is looked at in small steps: one read has the rest of them. */
  async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    return this.#kept(offset, length) ?? (await this.#load(offset, this.size)).slice(0, length);
  }

  /** These bytes, as far as the wheel has them. */
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
    if (kept + end - offset > MAX_READ) throw new UnreadableWheel("its directory is too large");
    if (this.#pieces.length >= MAX_READS) throw new UnreadableWheel("its directory is too scattered");
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

/** The one METADATA of a top-level `{name}-{version}.dist-info` whose name is the project's. */
async function metadataMember(wheel: Wheel, project: ProjectName): Promise<Member> {
  let member: Member | undefined;
  // zip.js's own `Reader` comes with the half of it that writes archives; this is all that it reads a directory by.
  const archive = new ZipReader(wheel as unknown as Reader<Wheel>);
  for await (const entry of archive.getEntriesGenerator()) {
    const [, info] = /^([^/]+)\.dist-info\/METADATA$/.exec(entry.filename) ?? [];
    if (info === undefined || entry.directory || !isOf(project, info)) continue;
    if (member) throw new UnreadableWheel(`it has more than one METADATA of ${project}`);
    member = entry;
  }
  if (!member) throw new UnreadableWheel(`it has no METADATA of ${project}`);
  if (member.encrypted) throw new UnreadableWheel("its METADATA is encrypted");
  if (Math.max(member.compressedSize, member.uncompressedSize) > MAX_METADATA) throw tooLarge();
  return member;
}

/** Whether `{name}-{version}` is the project's. Old tools left hyphens in names, so that each may be the one between. */
function isOf(project: ProjectName, info: string): boolean {
  return [...info.matchAll(/-/g)].some(({ index }) => asProjectName(info.slice(0, index)) === project);
}

/**
 * A member's content. Not by zip.js, which hands out its decoders from one pool to all: one request would wait for
 * another's, which the platform does not allow.
 */
async function contentOf(wheel: Wheel, { offset, compressedSize, compressionMethod, uncompressedSize, crc32 }: Member) {
  const local = await wheel.bytes(offset, LOCAL_HEADER + compressedSize);
  const view = new DataView(local.buffer, local.byteOffset, local.byteLength);
  if (local.byteLength < 30 || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw new UnreadableWheel("its METADATA is not where its directory says");
  }
  const start = 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const packed = await wheel.bytes(offset + start, compressedSize);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw new UnreadableWheel("its METADATA is compressed by a method other than deflate");
  }
  const content = compressionMethod === STORED ? packed : await inflated(packed);
  if (content.byteLength !== uncompressedSize || crc32Of(content) !== crc32) {
    throw new UnreadableWheel("its METADATA has not the size and the checksum that its directory says");
  }
  return content;
}

/** Raw deflate, fed in small steps: what one step becomes is bounded (1:1032), before it can be counted. */
async function inflated(packed: Uint8Array): Promise<Uint8Array> {
  let at = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= packed.byteLength) controller.close();
      else controller.enqueue(packed.subarray(at, (at += STEP)));
    },
  });
  const chunks: Uint8Array[] = [];
  let total = 0;
  // Left early, by an error, the loop cancels the stream.
  for await (const chunk of source.pipeThrough(new DecompressionStream("deflate-raw"))) {
    total += chunk.byteLength;
    if (total > MAX_METADATA) throw tooLarge();
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** As ZIP has it (ISO 3309), unsigned. */
function crc32Of(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const tooLarge = () => new UnreadableWheel(`its METADATA has more than ${MAX_METADATA / 1024 / 1024} MiB`);
