import { messageOf } from "../../worker/errors.ts";
import { codeOf } from "./codes.ts";
import { Connection } from "./connection.ts";
import { openReadOnly } from "./open-read-only.ts";
import type { Sqlite } from "./sqlite.ts";

/**
 * An SQLite file to be read only, opened by `openReadOnly`.
 *
 * @throws SQLite's error where there is none, or it is damaged
 */
export function readOnlySqlite(file: string): Sqlite {
  const db = openReadOnly(file);
  const connection = new Connection(db);
  return {
    read: (sql, ...values) => connection.all(sql, ...values),
    version: () => connection.version(),
    readTogether: (statements) => connection.together(statements),
    write: () => Promise.reject(new Error(`${file} is opened to be read only.`)),
    close: async () => db.close(),
  };
}

/** Of these a file's content is not the reason. */
const NOT_OF_CONTENT: ReadonlySet<string | undefined> = new Set([
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLITE_NOMEM",
  "SQLITE_READONLY",
  "SQLITE_CANTOPEN",
]);

/**
 * What SQLite finds wrong with a file, in its words; undefined: nothing.
 *
 * @throws SQLite's error where it says nothing of the file's content
 */
export function faultOfSqlite(db: Pick<Sqlite, "read">): string | undefined {
  try {
    const [first] = db.read("PRAGMA quick_check(1)");
    const said = String(first?.["quick_check"]);
    return said === "ok" ? undefined : said;
  } catch (error) {
    if (NOT_OF_CONTENT.has(codeOf(error))) throw error;
    return messageOf(error);
  }
}
