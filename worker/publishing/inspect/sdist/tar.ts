import type { Cursor } from "../cursor.ts";
import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";
import { unpacksTooFar } from "../limits.ts";
import { readExtendedHeaders, type ExtendedHeaders } from "./extended-headers.ts";
import { BLOCK, isEmpty, readHeader, type Header } from "./header.ts";

/** A member of a tar archive. */
export interface SdistMember {
  /** As written, without the slash at the end of a directory's. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "link";
  /** The target of a link; empty for other members. */
  readonly target: string;
  /** Bytes. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, SdistMember["kind"]>> = {
  "0": "file",
  // Regular files before the type flag existed (V7).
  "\0": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};

/**
 * Reads the members of a tar archive (POSIX.1-2001, and GNU's long names) up to its end, after which only zeros may
 * follow. It refuses everything that readers interpret differently and that no build tool writes, so that every reader
 * sees the same members. Throws `InvalidDistribution`.
 *
 * @param limit how many bytes the archive may have
 * @returns each member, and a function that reads its content, which must be called before the next member is asked for
 */
export async function* readTar(cursor: Cursor, limit: number) {
  for (;;) {
    let header = await next(cursor, limit);
    if (!header) break;
    const extended: ExtendedHeaders = {};
    while (await readExtendedHeaders(cursor, header, extended)) {
      header = await next(cursor, limit);
      if (!header) throw new InvalidDistribution("is a tar archive that ends in the middle of a member");
    }
    const member = memberOf(header, extended);
    const end = cursor.at + padded(member.size);
    if (end > limit) throw unpacksTooFar(limit);
    const content = () => cursor.exactly(member.size);
    yield { member, content };
    await skip(cursor, end - cursor.at);
  }
  await checkEnd(cursor, limit);
}

/** The next header; undefined at the end, which is marked by two empty blocks. */
async function next(cursor: Cursor, limit: number): Promise<Header | undefined> {
  if (cursor.at > limit) throw unpacksTooFar(limit);
  const block = await cursor.exactly(BLOCK);
  if (!isEmpty(block)) return readHeader(block);
  if (!isEmpty(await cursor.exactly(BLOCK)))
    throw new InvalidDistribution("is a tar archive with an empty block between members");
  return undefined;
}

function memberOf({ path: own, target, type, size }: Header, extended: ExtendedHeaders): SdistMember {
  const path = extended.path ?? own;
  // Python looks for the slash in the short name; later versions do not where a GNU long name precedes. After a directory
  // Python expects the next header, not content.
  if (type === "\0" && extended.path !== undefined && (own.endsWith("/") || path.endsWith("/")))
    throw new InvalidDistribution(`has ${quotedName(path)} both as a file and as a directory`);
  // uv_build repeats the header's size here. Where the two differ, readers disagree about which one counts.
  if (extended.size !== undefined && extended.size !== String(size))
    throw new InvalidDistribution(`has ${quotedName(path)} with two sizes, one of them in the extended header "size"`);
  // Old archives mark a directory only by the slash.
  const kind = type === "\0" && path.endsWith("/") ? "directory" : KINDS[type];
  if (!kind) throw new InvalidDistribution(`has ${quotedName(path)}, which is neither a file, a directory nor a link`);
  if (kind !== "file" && size !== 0)
    throw new InvalidDistribution(`has ${quotedName(path)}, which is not a regular file but contains data`);
  if (kind !== "directory" && path.endsWith("/"))
    throw new InvalidDistribution(`has the file or link ${quotedName(path)}, whose name ends like a directory's`);
  return {
    path: kind === "directory" ? path.replace(/\/$/, "") : path,
    kind,
    target: kind === "link" || kind === "symlink" ? (extended.target ?? target) : "",
    size,
  };
}

async function skip(cursor: Cursor, length: number): Promise<void> {
  for (let left = length; left > 0;) {
    const piece = await cursor.some(left);
    if (!piece) throw new InvalidDistribution("is a tar archive that ends in the middle of a member");
    left -= piece.byteLength;
  }
}

async function checkEnd(cursor: Cursor, limit: number): Promise<void> {
  for (;;) {
    const piece = await cursor.some(limit);
    if (!piece) return;
    if (cursor.at > limit) throw unpacksTooFar(limit);
    if (!isEmpty(piece)) throw new InvalidDistribution("has bytes after the end of its tar archive");
  }
}

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;
