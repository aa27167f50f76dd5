import { Cursor } from "../cursor.ts";
import { Faulty, shown } from "../faulty.ts";
import { gunzip, gunzipSmall } from "../gunzip.ts";
import { piecesOf } from "../pieces.ts";
import type { Staged } from "../../staged.ts";
import { checkVersion, inconsistent, type Directory, type Member } from "./directory.ts";
import { checkExtra, sizesOf } from "./extra.ts";
import { asGzip } from "./gzip-of.ts";
import type { Recorded } from "./record.ts";

const HEADER = 30;
const SIGNATURE = 0x04034b50;

/** What becomes of so much is bounded, too: 16 MiB. Most members of most wheels are no larger. Bytes. */
const SMALL = 16 * 1024;

/**
 * Reads a wheel once from the first byte to its directory: members lie one behind the other with nothing between them, what
 * each says of itself is what the directory says, and its content has the checksum there and the hash in RECORD. Throws
 * `Faulty`.
 */
export async function verifyContents(
  staged: Staged,
  { members, offset }: Directory,
  recorded: ReadonlyMap<string, Recorded>,
): Promise<void> {
  const cursor = new Cursor(piecesOf(staged));
  try {
    for (const member of members.values()) {
      if (member.offset !== cursor.at)
        throw inconsistent(`${shown(member.name)} does not lie right behind what is before it`);
      await checkHeader(cursor, member);
      if (cursor.at + member.compressedSize > offset)
        throw inconsistent(`${shown(member.name)} leads into the directory`);
      const said = recorded.get(member.name);
      const hash = await hashOf(cursor, member, said?.algorithm ?? "SHA-256");
      if (said && hash !== said.hash) throw new Faulty(`has ${shown(member.name)} with another hash than RECORD says`);
    }
    if (cursor.at !== offset) throw inconsistent("there are bytes between its last member and its directory");
  } finally {
    await cursor.close();
  }
}

async function checkHeader(cursor: Cursor, member: Member): Promise<void> {
  const { name } = member;
  const head = await cursor.exactly(HEADER);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== SIGNATURE) throw inconsistent(`${shown(name)} is not where its directory says`);
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
  if (!isSame) throw inconsistent(`${shown(name)} says something else of itself than its directory says`);
}

/** The digest of a member's content, as RECORD writes it: base64url without padding. */
async function hashOf(cursor: Cursor, member: Member, algorithm: string): Promise<string> {
  try {
    const pieces = asGzip(cursor.next(member.compressedSize), member);
    const digest =
      member.compressedSize <= SMALL ? digestSmall(pieces, algorithm) : digestLarge(pieces, member, algorithm);
    return new Uint8Array(await digest).toBase64({ alphabet: "base64url", omitPadding: true });
  } catch (error) {
    throw error instanceof Faulty ? new Faulty(`has ${shown(member.name)}, which ${error.message}`) : error;
  }
}

async function digestSmall(pieces: AsyncIterable<Uint8Array>, algorithm: string) {
  const gzip = new Uint8Array(await new Blob(await Array.fromAsync(pieces)).arrayBuffer());
  return crypto.subtle.digest(algorithm, await gunzipSmall(gzip));
}

async function digestLarge(pieces: AsyncIterable<Uint8Array>, { uncompressedSize }: Member, algorithm: string) {
  const stream = new crypto.DigestStream(algorithm);
  // Where this is left early nobody waits for it.
  stream.digest.catch(() => undefined);
  const writer = stream.getWriter();
  let total = 0;
  try {
    for await (const piece of gunzip(pieces)) {
      total += piece.byteLength;
      if (total > uncompressedSize) throw anotherSize();
      await writer.write(piece);
    }
    if (total !== uncompressedSize) throw anotherSize();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  await writer.close();
  return stream.digest;
}

const anotherSize = () => new Faulty("has another size than its directory says");
