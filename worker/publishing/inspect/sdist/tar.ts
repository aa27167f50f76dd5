import type { Cursor } from "../cursor.ts";
import { Faulty, shown } from "../faulty.ts";
import { unpacksTooFar } from "../limits.ts";
import { readExtensions, type Extended } from "./extensions.ts";
import { BLOCK, isEmpty, readHeader, type Header } from "./header.ts";

/** A member of a tar archive. */
export interface TarMember {
  /** As it was written, a directory's without the slash at its end. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "link";
  /** Where a link leads; else empty. */
  readonly target: string;
  /** Bytes. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, TarMember["kind"]>> = {
  "0": "file",
  // Before there was a type (V7).
  "\0": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};

/**
 * The members of a tar archive (POSIX.1-2001, and the long names of GNU), to its end, behind which there is nothing but
 * zeros. So strict that every other reader sees the same: what archivers differ in, and no build tool writes, is refused.
 * Throws `Faulty`.
 *
 * @param limit how many bytes it may have
 * @returns each member, and a function that reads its content, to be called before the next member is asked for
 */
export async function* readTar(cursor: Cursor, limit: number) {
  for (;;) {
    let header = await next(cursor, limit);
    if (!header) break;
    const extended: Extended = {};
    while (await readExtensions(cursor, header, extended)) {
      header = await next(cursor, limit);
      if (!header) throw new Faulty("is a tar archive that ends in the middle of a member");
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

/** Undefined at the end: an archive's last two blocks are empty. */
async function next(cursor: Cursor, limit: number): Promise<Header | undefined> {
  if (cursor.at > limit) throw unpacksTooFar(limit);
  const block = await cursor.exactly(BLOCK);
  if (!isEmpty(block)) return readHeader(block);
  if (!isEmpty(await cursor.exactly(BLOCK))) throw new Faulty("is a tar archive with an empty block between members");
  return undefined;
}

function memberOf({ path: own, target, type, size }: Header, extended: Extended): TarMember {
  const path = extended.path ?? own;
  // Python looks for the slash in the short name, and later versions do not where GNU's long name stands before it; what
  // follows a directory it takes for members, not for its bytes.
  if (type === "\0" && extended.path !== undefined && (own.endsWith("/") || path.endsWith("/")))
    throw new Faulty(`has ${shown(path)} both as a file and as a directory`);
  // uv_build repeats the header's size there. Where the two differ, it depends on the reader which one counts.
  if (extended.size !== undefined && extended.size !== String(size))
    throw new Faulty(`has ${shown(path)} with two sizes, one of them in the extended header "size"`);
  // A directory to old readers, whose only sign was the slash.
  const kind = type === "\0" && path.endsWith("/") ? "directory" : KINDS[type];
  if (!kind) throw new Faulty(`has ${shown(path)}, which is neither a file, a directory nor a link`);
  if (kind !== "file" && size !== 0) throw new Faulty(`has ${shown(path)}, which is no file and has bytes`);
  if (kind !== "directory" && path.endsWith("/"))
    throw new Faulty(`has the file or link ${shown(path)}, which is called like a directory`);
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
    if (!piece) throw new Faulty("is a tar archive that ends in the middle of a member");
    left -= piece.byteLength;
  }
}

async function checkEnd(cursor: Cursor, limit: number): Promise<void> {
  for (;;) {
    const piece = await cursor.some(limit);
    if (!piece) return;
    if (cursor.at > limit) throw unpacksTooFar(limit);
    if (!isEmpty(piece)) throw new Faulty("has bytes behind the end of its tar archive");
  }
}

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;
