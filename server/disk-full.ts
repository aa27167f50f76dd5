import { open, rm } from "node:fs/promises";
import { IndexError } from "../worker/errors.ts";
import { codeOf } from "./sqlite/codes.ts";

/** The system's codes for a disk, or a user's share of it, without room. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** SQLite's extended code where the file that connections share could not grow: it never says SQLITE_FULL of that. */
const SHARED_MEMORY_SIZE = 4874;

const SENTENCE =
  "The disk of this server is full, so nothing was stored. Make room on the disk of its state directory, and try again; the server need not be started anew.";

/**
 * Runs what writes to the disk. Where it fails because there is no room, it rejects with `storage-full`.
 *
 * @param file an SQLite file that it writes to. SQLite says SQLITE_FULL of ENOSPC only: of EDQUOT it says, as of a disk's
 *   fault, that a write has failed. So a file beside it is tried then.
 */
export async function orDiskFull<Result>(work: () => Promise<Result>, file?: string): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isUnclear = file !== undefined && codeOf(error) === "SQLITE_IOERR";
    throw saysFull(error) || (isUnclear && (await hasNoRoomBeside(file))) ? diskFull(error) : error;
  }
}

/** More than a file system has room for in what it has taken already. Bytes. */
const PROBE = 64 * 1024;

async function hasNoRoomBeside(file: string): Promise<boolean> {
  const probe = `${file}.probe`;
  try {
    const handle = await open(probe, "w");
    try {
      // Without a name nothing is left of it, however this process ends.
      await rm(probe);
      await handle.write(new Uint8Array(PROBE));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return false;
  } catch (error) {
    return saysFull(error);
  }
}

export const diskFull = (cause?: unknown) => new IndexError("storage-full", SENTENCE, { cause });

/** Whether the system or SQLite says that there is no room. */
export const saysFull = (error: unknown) =>
  error instanceof Error &&
  (("code" in error && FULL.has(error.code)) ||
    codeOf(error) === "SQLITE_FULL" ||
    ("errcode" in error && error.errcode === SHARED_MEMORY_SIZE));
