import type { ObjectCondition } from "../../worker/platform/objects.ts";
import type { Row, SqlStatement, WriteResult } from "../sqlite/protocol.ts";
import { statement, type Sqlite } from "../sqlite/sqlite.ts";
import type { Commit } from "./object-files.ts";

/** What is known about an object. */
export interface ObjectRow {
  readonly key: string;
  /** Names the file of the bytes; changes at each put. The object's ETag. */
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly uploaded: number;
  /** Custom metadata as JSON. */
  readonly metadata: string;
  /** Such as `sha256=…`, where a digest was verified. */
  readonly digest: string | null;
}

export const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS object (
    key TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    uploaded INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    digest TEXT
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    metadata TEXT NOT NULL,
    begun_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
  ) STRICT, WITHOUT ROWID`,
  // A row says that files and rows agreed when the folder was closed.
  "CREATE TABLE IF NOT EXISTS closed (at INTEGER NOT NULL) STRICT",
];

const GET = "SELECT version, size, uploaded, metadata, digest FROM object WHERE key = ?1";

const VERSION = "SELECT version FROM object WHERE key = ?1";

/** `*` stands for any version. */
const PUT = `INSERT INTO object (key, version, size, uploaded, metadata, digest)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6
  WHERE (?7 IS NULL OR EXISTS (SELECT 1 FROM object WHERE key = ?1 AND ?7 IN (version, '*')))
    AND (?8 IS NULL OR NOT EXISTS (SELECT 1 FROM object WHERE key = ?1 AND ?8 IN (version, '*')))
  ON CONFLICT (key) DO UPDATE SET version = excluded.version, size = excluded.size, uploaded = excluded.uploaded,
    metadata = excluded.metadata, digest = excluded.digest
  RETURNING 1`;

const DELETE = "DELETE FROM object WHERE key = ?1 RETURNING version";

const DELETE_VERSION = "DELETE FROM object WHERE key = ?1 AND version = ?2";

/** Both bounds are single values, so that the index is read from the one to the other and no further. */
const LIST = `SELECT * FROM object WHERE key >= max(?1, ?2) AND key < ?3 AND (key <> ?2 OR ?2 = '')
  ORDER BY key LIMIT ?4`;

export function rowOf(db: Pick<Sqlite, "read">, key: string): ObjectRow | undefined {
  const [row] = db.read(GET, key);
  // The first releases of Node 22 end a text that they read at a NUL.
  return row && ({ ...row, key } as unknown as ObjectRow);
}

/** The rows of keys with a prefix, after a key, in the order of their UTF-8 bytes. */
export const listRows = (db: Sqlite, prefix: string, after: string, limit: number) =>
  db.read(LIST, prefix, after, endOfPrefix(prefix), limit) as unknown as ObjectRow[];

/** Writes a row where the condition holds; both are decided at once. */
export async function putRow(db: Sqlite, row: ObjectRow, condition: ObjectCondition = {}): Promise<Commit> {
  const { key, version, size, uploaded, metadata, digest } = row;
  const { etagMatches = null, etagDoesNotMatch = null } = condition;
  return commitOf(
    await db.write(
      versionBefore(key),
      statement(PUT, key, version, size, uploaded, metadata, digest, etagMatches, etagDoesNotMatch),
    ),
  );
}

/** Reads the version that a write replaces. It is the first statement of the write, and its row the second's. */
export const versionBefore = (key: string): SqlStatement => statement(VERSION, key);

export function commitOf([before, put]: readonly WriteResult[]): Commit {
  return { isStored: put !== undefined && put.rows.length > 0, old: textIn(before?.rows[0], "version") };
}

/** Deletes the rows of keys. Returns the version of each, where there was one. */
export async function deleteRows(db: Sqlite, keys: readonly string[]): Promise<(string | undefined)[]> {
  const results = await db.write(...keys.map((key) => statement(DELETE, key)));
  return results.map(({ rows }) => textIn(rows[0], "version"));
}

/** Deletes a row, unless it has another version by now. */
export async function deleteVersion(db: Sqlite, { key, version }: ObjectRow): Promise<void> {
  await db.write(statement(DELETE_VERSION, key, version));
}

function textIn(row: Row | undefined, column: string): string | undefined {
  const value = row?.[column];
  return typeof value === "string" ? value : undefined;
}

/** A value that SQLite sorts after all texts with a prefix, and before all other texts that sort after the prefix. */
function endOfPrefix(prefix: string): string | Uint8Array {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let point = points.pop(); point !== undefined; point = points.pop()) {
    // U+D800 to U+DFFF are no characters.
    if (point < 0x10ffff) return String.fromCodePoint(...points, point === 0xd7ff ? 0xe000 : point + 1);
  }
  // Any blob sorts after all texts.
  return new Uint8Array();
}
