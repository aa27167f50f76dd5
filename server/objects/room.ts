import { statfs } from "node:fs/promises";
import { diskFull } from "../disk-full.ts";

/** What is left to uploads, SQLite and others: so many bytes, and of a small disk this part. */
const LEFT = 64 * 1024 * 1024;
const LEFT_OF_SMALL = 1 / 20;

/**
 * Rejects where so many bytes that can be fetched again would leave too little room on the disk: what a team uploads
 * exists nowhere else, and without room nothing can be deleted from SQLite either.
 */
export async function checkRoom(folder: string, size = 0): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const left = Math.min(LEFT, blocks * bsize * LEFT_OF_SMALL);
  if (bavail * bsize < size + left)
    throw diskFull(new Error(`The disk has no room for bytes of ${folder} that can be fetched again.`));
}
