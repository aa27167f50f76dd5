import type { RangedArchive } from "../../../repository/ranged-archive.ts";
import { readZipEnd, zipEntries, type ZipEnd, type ZipEntry } from "../../../repository/zip-directory.ts";
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

/** Length of the end record. Bytes. */
const END = 22;

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
 * differ in which of two directories, names or sizes they use. Throws `InvalidDistribution`, and `UnreadableWheel` where
 * the directory is broken off.
 */
export async function readDirectory(archive: RangedArchive): Promise<WheelDirectory> {
  const end = await readZipEnd(archive);
  if (!end || end.commentLength !== 0 || end.at + END !== archive.size) {
    throw new InvalidDistribution(
      "is not a valid ZIP archive: it must end with its central directory, and must have no comment and no bytes after it",
    );
  }
  checkEnd(end);
  const { directoryOffset, directoryLength, entries } = end;
  const members: WheelMember[] = [];
  for (const entry of zipEntries(await archive.bytes(directoryOffset, directoryLength))) {
    members.push(memberOf(entry));
  }
  if (members.length !== entries) throw ambiguousZip("its directory has another length than it says");
  members.sort((one, other) => one.offset - other.offset);
  checkMembers(members, archive.size);
  return { members: new Map(members.map((member) => [member.name, member])), offset: directoryOffset };
}

/** The directory lies right before its end: ZIP64 records between the two could hide a second one. */
function checkEnd({ at, disk, directoryDisk, entriesOnDisk, entries, directoryOffset, directoryLength }: ZipEnd): void {
  if (disk !== 0 || directoryDisk !== 0 || entriesOnDisk !== entries) {
    throw ambiguousZip("its parts are not all in one file");
  }
  if (directoryOffset + directoryLength !== at) {
    throw ambiguousZip("its directory does not lie right before its end, or is one of ZIP64");
  }
  if (directoryLength > MAX_NAME_BYTES || entries >= MAX_MEMBERS) throw tooManyMembers();
}

function memberOf(entry: ZipEntry): WheelMember {
  const { extra, flags, offset, compressionMethod, crc32 } = entry;
  if (entry.commentLength !== 0) throw ambiguousZip("a comment stands in its directory");
  const name = nameOf(entry.name, flags);
  checkVersion(entry.version, name);
  if (entry.disk !== 0) throw ambiguousZip("its parts are not all in one file");
  checkExtra(extra, name);
  const sizes = sizesOf(entry.compressedSize, entry.uncompressedSize, extra, name);
  const member = { name, isDirectory: name.endsWith("/"), offset, ...sizes, compressionMethod, flags, crc32 };
  checkMember(member, entry.mode);
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
    throw ambiguousZip(`${quotedName(name)} has two sizes`);
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

export const ambiguousZip = (what: string) =>
  new InvalidDistribution(`is a ZIP archive that readers interpret differently: ${what}`);
