import { IndexError } from "../worker/errors.ts";
import { codeOf } from "./sqlite/codes.ts";

/** The system's codes for a disk, or a user's share of it, without room. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** SQLite's extended code where the file that connections share could not grow: it never says SQLITE_FULL of that. */
const SHARED_MEMORY_SIZE = 4874;

const SENTENCE =
  "The disk of this server is full, so nothing was stored. Make room on the disk of its state directory, and try again; the server need not be started anew.";

/** Runs what writes to the disk. Where it fails because there is no room, it rejects with `storage-full`. */
export async function orDiskFull<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw saysFull(error) ? diskFull(error) : error;
  }
}

export const diskFull = (cause?: unknown) => new IndexError("storage-full", SENTENCE, { cause });

/** Whether the system or SQLite says that there is no room. */
export const saysFull = (error: unknown) =>
  error instanceof Error &&
  (("code" in error && FULL.has(error.code)) ||
    codeOf(error) === "SQLITE_FULL" ||
    ("errcode" in error && error.errcode === SHARED_MEMORY_SIZE));
