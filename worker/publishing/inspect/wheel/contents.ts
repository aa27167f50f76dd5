import { createHash, type Hash } from "node:crypto";
import { Cursor } from "../cursor.ts";
import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";
import { gunzip, gunzipSmall } from "../gunzip.ts";
import { stagedChunks } from "../staged-chunks.ts";
import type { StagedFile } from "../../staged-file.ts";
import { checkVersion, ambiguousZip, type WheelDirectory, type WheelMember } from "./directory.ts";
import { checkExtra, sizesOf } from "./extra-fields.ts";
import { asGzip } from "./member-as-gzip.ts";
import type { RecordEntry } from "./record.ts";

const HEADER = 30;
const SIGNATURE = 0x04034b50;

/** Members up to this size are decompressed in memory: to at most 16 MiB. Most members of most wheels are smaller. Bytes. */
const SMALL_MEMBER_BYTES = 16 * 1024;

/**
 * Reads a wheel once from the first byte to its directory. Members must follow each other without gaps, each local header
 * must match the directory, and the content must match the checksum and the hash in RECORD. Throws `InvalidDistribution`.
 */
export async function verifyContents(
  staged: StagedFile,
  { members, offset }: WheelDirectory,
  recorded: ReadonlyMap<string, RecordEntry>,
): Promise<void> {
  const cursor = new Cursor(stagedChunks(staged));
  try {
    for (const member of members.values()) {
      if (member.offset !== cursor.at)
        throw ambiguousZip(`${quotedName(member.name)} does not directly follow what precedes it`);
      await checkHeader(cursor, member);
      if (cursor.at + member.compressedSize > offset)
        throw ambiguousZip(`${quotedName(member.name)} leads into the directory`);
      const said = recorded.get(member.name);
      const hash = await hashOf(cursor, member, said?.algorithm ?? "sha256");
      if (said && hash !== said.hash)
        throw new InvalidDistribution(`has ${quotedName(member.name)} with another hash than RECORD says`);
    }
    if (cursor.at !== offset) throw ambiguousZip("there are bytes between its last member and its directory");
  } finally {
    await cursor.close();
  }
}

async function checkHeader(cursor: Cursor, member: WheelMember): Promise<void> {
  const { name } = member;
  const head = await cursor.exactly(HEADER);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== SIGNATURE) throw ambiguousZip(`${quotedName(name)} is not where its directory says`);
  const spelled = new TextEncoder().encode(name);
  const own = await cursor.exactly(view.getUint16(26, true));
  const extra = await cursor.exactly(view.getUint16(28, true));
  checkVersion(view.getUint16(4, true), name);
  checkExtra(extra, name);
  const { compressedSize, uncompressedSize } = sizesOf(view.getUint32(18, true), view.getUint32(22, true), extra, name);
  const isSame =
    own.byteLength === spelled.byteLength &&
    own.every((byte, at) => byte === spelled[at]) &&
    view.getUint16(6, true) === member.flags &&
    view.getUint16(8, true) === member.compressionMethod &&
    view.getUint32(14, true) === member.crc32 &&
    compressedSize === member.compressedSize &&
    uncompressedSize === member.uncompressedSize;
  if (!isSame) throw ambiguousZip(`${quotedName(name)} says something else of itself than its directory says`);
}

/** The digest of a member's content as RECORD has it: base64url without padding. */
async function hashOf(cursor: Cursor, member: WheelMember, algorithm: RecordEntry["algorithm"]): Promise<string> {
  try {
    const pieces = asGzip(cursor.next(member.compressedSize), member);
    const hash = createHash(algorithm);
    if (member.compressedSize <= SMALL_MEMBER_BYTES) hash.update(await contentOf(pieces));
    else await readInto(hash, pieces, member);
    return hash.digest("base64url");
  } catch (error) {
    throw error instanceof InvalidDistribution
      ? new InvalidDistribution(`has ${quotedName(member.name)}, which ${error.message}`)
      : error;
  }
}

/** The content of a member that is compressed small. */
async function contentOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return gunzipSmall(new Uint8Array(await new Blob(await Array.fromAsync(pieces)).arrayBuffer()));
}

async function readInto(hash: Hash, pieces: AsyncIterable<Uint8Array>, { uncompressedSize }: WheelMember) {
  let total = 0;
  for await (const piece of gunzip(pieces)) {
    total += piece.byteLength;
    if (total > uncompressedSize) throw anotherSize();
    hash.update(piece);
  }
  if (total !== uncompressedSize) throw anotherSize();
}

const anotherSize = () => new InvalidDistribution("has a different size from the one in the ZIP's central directory");
