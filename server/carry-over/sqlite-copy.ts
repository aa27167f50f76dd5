import { existsSync } from "node:fs";
import { copyFile, open, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../worker/errors.ts";
import { saysDamaged } from "../sqlite/codes.ts";
import { CannotCarryOver } from "./cannot-carry-over.ts";
import { walOf } from "./simulated-state.ts";

/**
 * Copies an SQLite file that nothing writes to. SQLite opens the copy only: to open a file is to change what lies beside
 * it.
 *
 * @param to replaced where it exists
 * @param change what is to be done with the copy before it is on the disk
 * @returns what `change` returns
 * @throws CannotCarryOver where the file is damaged
 */
export async function copySqlite<Result>(
  from: string,
  to: string,
  change: (db: DatabaseSync) => Result,
): Promise<Result> {
  await removeSqlite(to);
  await copyFile(from, to);
  if (existsSync(walOf(from))) await copyFile(walOf(from), walOf(to));
  const result = orDamaged(from, () => {
    const db = new DatabaseSync(to);
    try {
      const [first] = db.prepare("PRAGMA integrity_check(1)").all();
      if (first?.["integrity_check"] !== "ok") throw damaged(from, String(first?.["integrity_check"]));
      return change(db);
    } finally {
      // The last connection writes the log back into the file.
      db.close();
    }
  });
  const handle = await open(to, "r+");
  await handle.sync().finally(() => handle.close());
  return result;
}

/** Deletes an SQLite file, where there is one, and what lies beside it. */
export async function removeSqlite(file: string): Promise<void> {
  for (const each of [file, walOf(file), `${file}-shm`]) await rm(each, { force: true });
}

function orDamaged<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!saysDamaged(error)) throw error;
    throw damaged(file, messageOf(error));
  }
}

const damaged = (file: string, reason: string) =>
  new CannotCarryOver(`${file} is damaged (${reason}). Restore the old state directory from a copy.`);
