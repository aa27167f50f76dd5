import { DatabaseSync } from "node:sqlite";
import { Connection } from "./connection.ts";
import type { Row, SqlStatement, Value, WriteResult } from "./protocol.ts";
import type { Writer } from "./writer.ts";

/** One SQLite file: read on the main thread, written in the writer's thread. */
export interface Sqlite {
  /** Reads at once, what was committed before. Throws SQLite's error. Must be short: nothing else runs meanwhile. */
  read(sql: string, ...values: Value[]): Row[];
  /**
   * Another number after each commit of the writer's thread, and `OTHERS_SEEN` after one of another process. Throws SQLite's
   * error.
   */
  version(): number;
  /** Reads several times from one state of the database. */
  readTogether(statements: readonly SqlStatement[]): Row[][];
  /**
   * Runs the statements in one transaction, together with what others write at the same time. Rejects with SQLite's text
   * where one fails; then none has been done.
   */
  write(...statements: SqlStatement[]): Promise<readonly WriteResult[]>;
  /** Waits for the writes that were begun. */
  close(): Promise<void>;
}

/**
 * For so long a version is not read again: to read it takes two calls of the system. What this process commits is seen at
 * once; the state directory is locked against a second server, so that only a person with SQLite's shell is another
 * process. Milliseconds.
 */
const OTHERS_SEEN = 50;

export const statement = (sql: string, ...values: Value[]): SqlStatement => ({ sql, values });

/**
 * Opens an SQLite file, made where there is none.
 *
 * @param durable whether a commit must be on the disk before `write` resolves; otherwise a power failure may lose the
 *   last ones
 * @param schema statements that make the tables where there are none
 */
export async function openSqlite(
  file: string,
  writer: Writer,
  { durable, schema = [] }: { readonly durable: boolean; readonly schema?: readonly string[] },
): Promise<Sqlite> {
  await writer.open(file, durable);
  if (schema.length > 0)
    await writer.write(
      file,
      schema.map((sql) => statement(sql)),
    );
  const db = new DatabaseSync(file, { readOnly: true });
  const connection = new Connection(db);
  let version = 0;
  /** Until when it need not be read again; 0 where the writer has committed since. */
  let versionUntil = 0;

  return {
    read: (sql, ...values) => connection.all(sql, ...values),
    version() {
      const now = Date.now();
      // Where the clock was set back, the end is further away than it could be.
      if (now < versionUntil && versionUntil <= now + OTHERS_SEEN) return version;
      // This connection only reads: each commit is another one's.
      version = connection.version();
      versionUntil = now + OTHERS_SEEN;
      return version;
    },
    readTogether: (statements) => connection.together(statements),
    async write(...statements) {
      try {
        return await writer.write(file, statements);
      } finally {
        versionUntil = 0;
      }
    },
    async close() {
      db.close();
      await writer.close(file);
    },
  };
}
