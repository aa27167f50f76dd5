import { readFile, rm, writeFile } from "node:fs/promises";
import { statement, type Sqlite } from "../sqlite/sqlite.ts";
import { syncFolder } from "./folders.ts";

/**
 * Whether files and rows agreed when a folder was closed. A row says so, and a file beside the database has the row's time: a
 * database whose last writes are lost, or that an earlier copy has replaced, has another row or none. This is not known a second
 * time: both are deleted.
 *
 * @param folder the folder that the note's file is in
 */
export async function takeClosed(db: Sqlite, folder: string, file: string): Promise<boolean> {
  const [row] = db.read("SELECT at FROM closed");
  const noted = await readFile(file, "utf8").catch(() => undefined);
  // The file goes first: its end does not depend on what becomes of the database's writes.
  await rm(file, { force: true });
  await syncFolder(folder);
  await db.write(statement("DELETE FROM closed"));
  return row !== undefined && noted === String(row["at"]);
}

/** Notes that files and rows agree. Where it cannot be written, they are compared when the folder is opened again. */
export async function noteClosed(db: Sqlite, file: string, now: number): Promise<void> {
  try {
    await db.write(statement("INSERT INTO closed VALUES (?1)", now));
    await writeFile(file, String(now));
  } catch {
    await rm(file, { force: true }).catch(() => undefined);
  }
}
