import { statfs } from "node:fs/promises";
import { SECOND } from "../../worker/duration.ts";
import { diskFull } from "../disk-full.ts";

/** What is left to uploads, SQLite and others: so many bytes, and of a small disk this part. */
const LEFT = 64 * 1024 * 1024;
const LEFT_OF_SMALL = 1 / 20;

/** A disk that had so many bytes more than wanted is not looked at again for so long: it cannot be full by then. */
const AMPLE = 4 * 1024 ** 3;
const LOOKED_TTL = SECOND;

interface Look {
  /** Bytes above what is left to others. */
  readonly free: number;
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
 * Rejects where so many bytes that can be fetched again would leave too little room on the disk: what a team uploads
 * exists nowhere else, and without room nothing can be deleted from SQLite either.
 */
export async function checkRoom(folder: string, size = 0): Promise<void> {
  const known = looks.get(folder);
  if (known && performance.now() < known.until && known.free >= size + AMPLE) return;
  const { bavail, blocks, bsize } = await statfs(folder);
  const free = bavail * bsize - Math.min(LEFT, blocks * bsize * LEFT_OF_SMALL);
  looks.set(folder, { free, until: performance.now() + LOOKED_TTL });
  if (free < size) throw diskFull(new Error(`The disk has no room for bytes of ${folder} that can be fetched again.`));
}
