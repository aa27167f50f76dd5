import { open } from "node:fs/promises";
import { messageOf } from "../../worker/errors.ts";
import { statement, type Sqlite } from "../sqlite/sqlite.ts";
import type { ObjectFiles } from "./object-files.ts";
import { rowOf, type ObjectRow } from "./object-rows.ts";
import { isSystemError } from "./system-error.ts";

/** Versions of objects whose bytes may not be on the disk yet: all that were stored since the last writing back. */
export const UNSYNCED_SCHEMA = [
  `CREATE TABLE IF NOT EXISTS unsynced (
    key TEXT PRIMARY KEY,
    version TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER IF NOT EXISTS object_inserted AFTER INSERT ON object BEGIN
    INSERT INTO unsynced (key, version) VALUES (new.key, new.version);
  END`,
  `CREATE TRIGGER IF NOT EXISTS object_replaced AFTER UPDATE OF version ON object BEGIN
    DELETE FROM unsynced WHERE key = new.key;
    INSERT INTO unsynced (key, version) VALUES (new.key, new.version);
  END`,
  `CREATE TRIGGER IF NOT EXISTS object_deleted AFTER DELETE ON object BEGIN
    DELETE FROM unsynced WHERE key = old.key;
  END`,
];

/** Rows that one transaction marks as being on the disk. */
const BATCH = 100;

const NEXT = `SELECT key, version FROM unsynced WHERE key > ?1 ORDER BY key LIMIT ${BATCH}`;

const SYNCED = "DELETE FROM unsynced WHERE key = ?1 AND version = ?2";

type Unsynced = Pick<ObjectRow, "key" | "version">;

/** The versions that a stop has left unsynced. */
export const unsyncedVersions = (db: Sqlite): ReadonlySet<string> =>
  new Set(db.read("SELECT version FROM unsynced").map(({ version }) => String(version)));

/**
 * Writes the bytes of stored objects back to the disk, one file after the other, and notes that they are there. One at a
 * time leaves the other threads of the system's calls to those who wait for an answer.
 */
export class WriteBack {
  readonly #db: Sqlite;
  readonly #files: ObjectFiles;
  readonly #isUndamaged: (row: ObjectRow) => Promise<boolean>;
  /** A system that could not write a file's bytes says at the next try that it has: these are not tried again. */
  readonly #failed = new Set<string>();
  readonly #log: (line: string) => void;
  #running: Promise<void> | undefined;

  /**
   * @param isUndamaged whether an object's bytes are right, where a stop has left that open
   * @param log takes a sentence for each object that could not be written back
   */
  constructor(
    db: Sqlite,
    files: ObjectFiles,
    isUndamaged: (row: ObjectRow) => Promise<boolean>,
    log: (line: string) => void,
  ) {
    this.#db = db;
    this.#files = files;
    this.#isUndamaged = isUndamaged;
    this.#log = log;
  }

  /** Does it for all that was stored before this call. Rejects with SQLite's error. */
  async run(): Promise<void> {
    await this.#running;
    this.#running ??= this.#all().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #all(): Promise<void> {
    for (let after = ""; ;) {
      const rows = this.#db.read(NEXT, after) as unknown as Unsynced[];
      const synced: Unsynced[] = [];
      for (const row of rows) if (await this.#sync(row)) synced.push(row);
      if (synced.length > 0) await this.#db.write(...synced.map(({ key, version }) => statement(SYNCED, key, version)));
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      after = last.key;
    }
  }

  /** Whether this version is on the disk now. */
  async #sync({ key, version }: Unsynced): Promise<boolean> {
    if (this.#failed.has(version)) return false;
    const path = this.#files.pathOf(key, version);
    try {
      const row = rowOf(this.#db, key);
      if (row?.version !== version || !(await this.#isUndamaged(row))) return false;
    } catch {
      // A request for the object is told of the error.
      return false;
    }
    try {
      await syncFile(path);
      return true;
    } catch (error) {
      // It was deleted meanwhile.
      if (isSystemError(error, "ENOENT")) return false;
      this.#failed.add(version);
      this.#log(`${path} could not be written to the disk (${messageOf(error)}). Check the disk.`);
      return false;
    }
  }
}

async function syncFile(path: string): Promise<void> {
  // Windows writes back only what is open for writing.
  const handle = await open(path, "r+");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
