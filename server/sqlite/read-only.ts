import { DatabaseSync } from "node:sqlite";
import { Connection } from "./connection.ts";
import type { Sqlite } from "./sqlite.ts";

/**
 * Opens an SQLite file to be read only, also while a server writes to it.
 *
 * @throws SQLite's error where there is none, or it is damaged
 */
export function openReadOnly(file: string): Sqlite {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  const connection = new Connection(db);
  return {
    read: (sql, ...values) => connection.all(sql, ...values),
    version: () => connection.version(),
    readTogether: (statements) => connection.together(statements),
    write: () => Promise.reject(new Error(`${file} is opened to be read only.`)),
    close: async () => db.close(),
  };
}

/** What SQLite finds wrong with a file, in its words; undefined: nothing. */
export function faultOfSqlite(db: Pick<Sqlite, "read">): string | undefined {
  try {
    const [first] = db.read("PRAGMA quick_check(1)");
    const said = String(first?.["quick_check"]);
    return said === "ok" ? undefined : said;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
