import type { RangedArchive } from "../../../repository/ranged-archive.ts";
import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";
import { MAX_MEMBERS, MAX_NAME_BYTES, tooManyMembers, unpackedLimit, unpacksTooFar } from "../limits.ts";
import { checkPath, checkTree } from "../member-path.ts";
import { checkExtra, sizesOf } from "./extra-fields.ts";

/** A member as the archive's directory describes it. */
export interface WheelMember {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Offset of its local header. Bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly compressionMethod: number;
  readonly flags: number;
  readonly crc32: number;
}

/** A wheel's members in the order of their offsets, and the offset of the directory, which follows them. */
export interface WheelDirectory {
  readonly members: ReadonlyMap<string, WheelMember>;
  readonly offset: number;
}

const END = 22;
const END_SIGNATURE = 0x06054b50;
const ENTRY = 46;
const ENTRY_SIGNATURE = 0x02014b50;

/** 6.3: Python refuses an archive with a member that needs a later version of the format (`zipfile.MAX_EXTRACT_VERSION`). */
const MAX_VERSION = 63;

const ENCRYPTED = 0x1;
const DESCRIPTOR = 0x8;
const UTF8 = 0x800;
/** The compression level, which readers ignore. */
const LEVEL = 0x6;

/** File types of a Unix mode; 0 where the archive was made on another system. */
const TYPE = 0xf000;
const REGULAR = 0x8000;
const DIRECTORY = 0x4000;

/**
 * Reads a wheel's directory (APPNOTE.TXT 4.3.12). It is strict, so that every reader sees the same members: installers
 * differ in which of two directories, names or sizes they use. Throws `InvalidDistribution`.
 */
export async function readDirectory(archive: RangedArchive): Promise<WheelDirectory> {
  const { offset, length, count } = await readEnd(archive);
  const bytes = await archive.bytes(offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members: WheelMember[] = [];
  let at = 0;
  while (at < length && members.length < count) {
    const end = at + entryLength(view, at);
    members.push(readEntry(view, bytes.subarray(at, end), at));
    at = end;
  }
  if (at !== length || members.length !== count) throw inconsistent("its directory has another length than it says");
  members.sort((one, other) => one.offset - other.offset);
  checkMembers(members, archive.size);
  return { members: new Map(members.map((member) => [member.name, member])), offset };
}

/**
 * The end record must be the very last bytes. A comment after it, or ZIP64 records before it, could hide a second
 * directory.
 */
async function readEnd(archive: RangedArchive) {
  const bytes = archive.size < END ? new Uint8Array(END) : await archive.bytes(archive.size - END, END);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== END_SIGNATURE || view.getUint16(20, true) !== 0) {
    throw new InvalidDistribution(
      "is not a valid ZIP archive: it must end with its central directory, and must have no comment and no bytes after it",
    );
  }
  const [disk, from, here, count] = [4, 6, 8, 10].map((at) => view.getUint16(at, true));
  const length = view.getUint32(12, true);
  const offset = view.getUint32(16, true);
  if (disk !== 0 || from !== 0 || here !== count || count === undefined) {
    throw inconsistent("its parts are not all in one file");
  }
  if (offset + length !== archive.size - END) {
    throw inconsistent("its directory does not lie right before its end, or is one of ZIP64");
  }
  if (length > MAX_NAME_BYTES || count >= MAX_MEMBERS) throw tooManyMembers();
  return { offset, length, count };
}

function entryLength(view: DataView, at: number): number {
  const left = view.byteLength - at;
  if (left < ENTRY || view.getUint32(at, true) !== ENTRY_SIGNATURE) throw inconsistent("its directory is broken off");
  const length = ENTRY + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  if (view.getUint16(at + 32, true) !== 0) throw inconsistent("a comment stands in its directory");
  if (length > left) throw inconsistent("its directory is broken off");
  return length;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number): WheelMember {
  const flags = view.getUint16(at + 8, true);
  const nameLength = view.getUint16(at + 28, true);
  const name = nameOf(bytes.subarray(ENTRY, ENTRY + nameLength), flags);
  const extra = bytes.subarray(ENTRY + nameLength);
  checkVersion(view.getUint16(at + 6, true), name);
  if (view.getUint16(at + 34, true) !== 0) throw inconsistent("its parts are not all in one file");
  checkExtra(extra, name);
  const sizes = sizesOf(view.getUint32(at + 20, true), view.getUint32(at + 24, true), extra, name);
  const member: WheelMember = {
    name,
    isDirectory: name.endsWith("/"),
    offset: view.getUint32(at + 42, true),
    ...sizes,
    compressionMethod: view.getUint16(at + 10, true),
    flags,
    crc32: view.getUint32(at + 16, true),
  };
  checkMember(member, view.getUint32(at + 38, true) >>> 16);
  return member;
}

/** @param version the version that a reader needs, times ten: 20 means 2.0 */
export function checkVersion(version: number, name: string): void {
  if (version > MAX_VERSION)
    throw new InvalidDistribution(`has ${quotedName(name)}, which needs a later version of ZIP than Python reads`);
}

function nameOf(bytes: Uint8Array, flags: number): string {
  // Without the flag some readers decode code page 437, others UTF-8.
  if (!(flags & UTF8) && bytes.some((byte) => byte > 0x7f)) {
    throw new InvalidDistribution("has a member whose name is not ASCII and not marked as UTF-8");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidDistribution("has a member whose name is not UTF-8");
  }
}

function checkMember(
  { name, isDirectory, flags, compressionMethod, compressedSize, uncompressedSize }: WheelMember,
  mode: number,
) {
  checkPath(name);
  const wrong = (what: string) => new InvalidDistribution(`has ${quotedName(name)}, which ${what}`);
  if (flags & ENCRYPTED) throw wrong("is encrypted");
  if (flags & DESCRIPTOR) throw wrong("gives its size after its bytes, in a data descriptor");
  if (flags & ~(UTF8 | LEVEL)) throw wrong("has flags that installers do not know");
  if (compressionMethod !== 0 && compressionMethod !== 8) throw wrong("is compressed by a method other than deflate");
  if (compressionMethod === 0 && compressedSize !== uncompressedSize)
    throw inconsistent(`${quotedName(name)} has two sizes`);
  const type = mode & TYPE;
  if (type !== 0 && type !== (isDirectory ? DIRECTORY : REGULAR)) throw wrong("is a link or a special file");
  if (isDirectory && uncompressedSize !== 0) throw wrong("is a directory with bytes of its own");
}

/** @param members in the order of their offsets */
function checkMembers(members: readonly WheelMember[], size: number): void {
  const limit = unpackedLimit(size);
  const leaves = new Set<string>();
  const directories = new Set<string>();
  let total = 0;
  for (const { name, isDirectory, uncompressedSize } of members) {
    const [seen, path] = isDirectory ? [directories, name.slice(0, -1)] : [leaves, name];
    if (seen.has(path)) throw new InvalidDistribution(`has two members called ${quotedName(name)}`);
    seen.add(path);
    total += uncompressedSize;
    if (total > limit) throw unpacksTooFar(limit);
  }
  checkTree(leaves, directories);
}

export const inconsistent = (what: string) =>
  new InvalidDistribution(`is a ZIP archive that readers interpret differently: ${what}`);
