import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sqlite } from "../sqlite/sqlite.ts";
import { folderOfPrefix, keyAt } from "./key-path.ts";
import type { ObjectFiles } from "./object-files.ts";
import { putRow, rowOf } from "./object-rows.ts";
import { isSystemError } from "./system-error.ts";

interface Unnamed {
  /** Below the folder of objects, with slashes. */
  readonly path: string;
  readonly key: string;
  readonly version: string;
}

/**
 * Makes files and rows of durable keys agree after a stop in the middle of something. A file that has no row was
 * complete when it was moved into its place: it gets a row again, also after the database was lost. Nothing may be
 * written meanwhile.
 *
 * @param prefixes of the durable keys, each with a slash at its end
 */
export async function recoverDurable(db: Sqlite, files: ObjectFiles, prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes) {
    for await (const { path, key, version } of unnamedBelow(folderOfPrefix(prefix), db, files)) {
      const { size, mtimeMs } = await stat(join(files.root, path));
      const row = { key, version, size, uploaded: Math.trunc(mtimeMs), metadata: "{}", digest: null };
      const { isStored } = await putRow(db, row, { etagDoesNotMatch: "*" });
      // Its row names another version, by which it was replaced.
      if (!isStored) await files.remove(key, version);
    }
  }
}

/**
 * Deletes the files of other keys that no row names; they can be fetched again.
 *
 * @param prefixes of the durable keys
 * @param isClosing whether to end early
 * @returns whether it came to the end
 */
export async function removeUnnamed(
  db: Sqlite,
  files: ObjectFiles,
  prefixes: readonly string[],
  isClosing: () => boolean,
): Promise<boolean> {
  const durable = new Set(prefixes.map(folderOfPrefix));
  for await (const { key, version } of unnamedBelow("", db, files, (folder) => durable.has(folder) || isClosing()))
    await files.remove(key, version);
  return !isClosing();
}

/**
 * The files below a folder that are of ours and that no row names. What others put there is theirs.
 *
 * @param isPassedOver whether a folder is not looked into
 */
export async function* unnamedBelow(
  top: string,
  db: Pick<Sqlite, "read">,
  files: ObjectFiles,
  isPassedOver: (folder: string) => boolean = () => false,
): AsyncGenerator<Unnamed> {
  const folders = [top];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (isPassedOver(folder)) continue;
    for await (const entry of entriesOf(join(files.root, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      const found = keyAt(path);
      if (!entry.isFile() || !found || files.isUncommitted(found.version)) continue;
      if (rowOf(db, found.key)?.version !== found.version) yield { path, ...found };
    }
  }
}

async function* entriesOf(folder: string) {
  try {
    yield* await opendir(folder);
  } catch (error) {
    // Nothing was ever stored there, or the folder was deleted with its last file.
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}
