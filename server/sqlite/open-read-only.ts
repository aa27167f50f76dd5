import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { codeOf } from "./codes.ts";

/**
 * Opens an SQLite file to be read only, also while a server writes to it, and on a disk that cannot be written: a mounted snapshot.
 *
 * @throws SQLite's error where there is none; where it is damaged, to read it throws
 */
export function openReadOnly(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  if (!needsFileBeside(db) || !isAlone(file) || !isReadOnly(dirname(file))) return db;
  db.close();
  return new DatabaseSync(unchanging(file), { readOnly: true });
}

/** Whether SQLite cannot read it without a file that it would make. */
function needsFileBeside(db: DatabaseSync): boolean {
  try {
    db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").all();
    return false;
  } catch (error) {
    return codeOf(error) === "SQLITE_CANTOPEN";
  }
}

/** Whether no process has the file open, and none has left anything beside it that belongs to it. */
const isAlone = (file: string) => existsSync(file) && !existsSync(`${file}-wal`) && !existsSync(`${file}-shm`);

/** Whether the file system takes nothing, from any user. */
function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}

/**
 * The file as one that does not change: in WAL mode SQLite otherwise makes a file beside it, to share with writers
 * (https://www.sqlite.org/wal.html#read_only_databases).
 */
function unchanging(file: string): string {
  const address = pathToFileURL(file);
  address.searchParams.set("immutable", "1");
  return address.href;
}
