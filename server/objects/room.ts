import { statfs } from "node:fs/promises";
import { SECOND } from "../../worker/duration.ts";
import { diskFull } from "../disk-full.ts";

/** What is left to uploads, SQLite and others: so many bytes, and of a small disk this part. */
const LEFT = 64 * 1024 * 1024;
const LEFT_OF_SMALL = 1 / 20;

/** The same of files: many file systems take so many and no more (inodes), however small they are. */
const FILES_LEFT = 4096;

/** A disk that had so many bytes more than wanted is not looked at again for so long: it cannot be full by then. */
const AMPLE = 4 * 1024 ** 3;
const AMPLE_FILES = 100_000;
const LOOKED_TTL = SECOND;

interface Look {
  /** Bytes above what is left to others. */
  readonly free: number;
  /** Files above what is left to others. */
  readonly files: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly until: number;
}

const looks = new Map<string, Look>();

/** Bytes that a user may still write on the disk of a folder. A quota of the user is not known here. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Rejects where one more file, or so many bytes that can be fetched again would leave too little room on the disk: what a team uploads
 * exists nowhere else, and without room nothing can be deleted from SQLite either.
 */
export async function checkRoom(folder: string, size = 0): Promise<void> {
  const known = looks.get(folder);
  if (known && performance.now() < known.until && known.free >= size + AMPLE && known.files >= AMPLE_FILES) return;
  const { bavail, blocks, bsize, files: all, ffree } = await statfs(folder);
  const free = bavail * bsize - Math.min(LEFT, blocks * bsize * LEFT_OF_SMALL);
  // File systems that take any number, such as Btrfs, have none in all.
  const files = all === 0 ? Infinity : ffree - Math.min(FILES_LEFT, all * LEFT_OF_SMALL);
  looks.set(folder, { free, files, until: performance.now() + LOOKED_TTL });
  if (free < size || files < 1)
    throw diskFull(new Error(`The disk has no room for files of ${folder} that can be fetched again.`));
}
