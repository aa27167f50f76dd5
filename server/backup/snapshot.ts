import { existsSync } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { openReadOnly } from "../sqlite/open-read-only.ts";
import { makeFolder } from "../make-folder.ts";
import { removeSqlite } from "../carry-over/sqlite-copy.ts";
import { syncFolder } from "../objects/folders.ts";

/**
 * Copies a database as it is at one moment, while a server may be writing to it: the server waits for nothing. The copy has
 * its name once it is whole and on the disk.
 *
 * @throws SQLite's error, or the system's
 */
export async function takeSnapshot(from: string, to: string): Promise<void> {
  makeFolder(dirname(to), { mode: 0o700 });
  const aside = `${to}.new`;
  await removeSqlite(aside);
  const db = openReadOnly(from);
  try {
    db.prepare("VACUUM INTO ?").all(aside);
  } finally {
    db.close();
  }
  const handle = await open(aside, "r+");
  await handle.sync().finally(() => handle.close());
  await removeSqlite(to);
  await rename(aside, to);
  await syncFolder(dirname(to));
}

/** When a snapshot was taken, in milliseconds since the epoch; undefined where there is none. */
export const snapshotTakenAt = async (file: string): Promise<number | undefined> =>
  existsSync(file) ? (await stat(file)).mtimeMs : undefined;
