import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { MINUTE } from "../worker/duration.ts";

/** More than opening all SQLite files takes. Bytes. */
const SIZE = 2 * 1024 * 1024;

/** How often a reserve that found no room is tried again. Milliseconds. */
const AGAIN = MINUTE;

/**
 * Gives the room of a reserve back to the disk, so that a full disk does not keep a server from starting: SQLite cannot
 * even read a file without making others beside it.
 *
 * @returns what makes the reserve anew, once the start has taken its room, and what ends that
 */
export async function releaseReserve(file: string): Promise<{ renew(): Promise<void>; close(): void }> {
  await rm(file, { force: true });
  let timer: NodeJS.Timeout | undefined;
  async function renew(): Promise<void> {
    try {
      // Random, because some file systems take no room for zeros.
      await writeFile(file, randomBytes(SIZE));
    } catch {
      await rm(file, { force: true }).catch(() => undefined);
      timer = setTimeout(() => void renew(), AGAIN);
      timer.unref();
    }
  }
  return { renew, close: () => clearTimeout(timer) };
}
