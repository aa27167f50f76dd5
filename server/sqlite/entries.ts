import { MINUTE } from "../../worker/duration.ts";
import { statement, type Sqlite } from "./sqlite.ts";

/** Bytes under a key, which end at some time. */
export interface Entry {
  readonly value: Uint8Array<ArrayBuffer>;
  /** Metadata of the value: JSON. */
  readonly head: string;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** Entries of one table. They can be lost: they are copies. */
export interface Entries {
  /** Sees at once what `put` and `delete` were called for. The value is the caller's own. */
  get(key: string): Entry | null;
  /** Resolves when it is stored. The value may be changed as soon as this returns. */
  put(key: string, entry: Entry): Promise<void>;
  delete(key: string): Promise<void>;
  /** Stored keys after this one, in order. */
  keys(after: string, limit: number): string[];
  /** Ends the removal of expired entries, and waits for the batch that was begun. */
  close(): Promise<void>;
}

/** How often expired entries are removed. */
const REMOVE_EVERY = 10 * MINUTE;

/** How many are removed at once: other writes come in between. */
const BATCH = 100;

/** @param table a name that needs no quotes */
export const entriesSchema = (table: string): readonly string[] => [
  // The value comes last: SQLite reads a row's columns from the first one on.
  `CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY, head TEXT NOT NULL, expires_at INTEGER, value BLOB NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires_at) WHERE expires_at IS NOT NULL`,
];

/**
 * The entries in a table of `sqlite`, which `entriesSchema` has made. Reads are made on the main thread; SQLite holds the
 * pages of the file that were read last.
 */
export function openEntries(sqlite: Sqlite, table: string, now: () => number): Entries {
  const get = `SELECT head, expires_at, value FROM ${table} WHERE key = ?1`;
  // Early versions of Node 22 bind no bytes as NULL.
  const put = `INSERT INTO ${table} (key, head, expires_at, value) VALUES (?1, ?2, ?3, ifnull(?4, zeroblob(0)))
    ON CONFLICT (key) DO UPDATE SET head = excluded.head, expires_at = excluded.expires_at, value = excluded.value`;
  const remove = `DELETE FROM ${table} WHERE key = ?1`;
  const keysAfter = `SELECT key FROM ${table} WHERE key > ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY key LIMIT ?3`;
  const removeExpired = `DELETE FROM ${table} WHERE rowid IN (
    SELECT rowid FROM ${table} WHERE expires_at <= ?1 LIMIT ${BATCH})`;

  /** The last write to a key that is under way; its entry is null where the key is being deleted. */
  const pending = new Map<string, { readonly entry: Entry | null }>();

  async function write(key: string, entry: Entry | null, ...statements: Parameters<Sqlite["write"]>): Promise<void> {
    const own = { entry };
    pending.set(key, own);
    try {
      await sqlite.write(...statements);
    } finally {
      if (pending.get(key) === own) pending.delete(key);
    }
  }

  function stored(key: string): Entry | null {
    const [row] = sqlite.read(get, key);
    if (!row) return null;
    const { head, expires_at, value } = row;
    return { head: head as string, expiresAt: expires_at as number | null, value: value as Uint8Array<ArrayBuffer> };
  }

  let removing: Promise<unknown> = Promise.resolve();
  let closed = false;
  async function removeAllExpired(): Promise<void> {
    const [result] = await sqlite.write(statement(removeExpired, now()));
    if (result?.changes === BATCH && !closed) await removeAllExpired();
  }
  // A failure (a full disk) shows with the next put; the entries are removed the next time.
  const timer = setInterval(() => (removing = removeAllExpired().catch(() => undefined)), REMOVE_EVERY);
  timer.unref();

  return {
    get(key) {
      const writing = pending.get(key);
      const found = writing ? copyOf(writing.entry) : stored(key);
      return found && (found.expiresAt === null || found.expiresAt > now()) ? found : null;
    },
    put(key, { head, expiresAt, value }) {
      // The copy is as large as the value: a message to a thread has all of the memory that a view is of.
      const entry = { head, expiresAt, value: value.slice() };
      return write(key, entry, statement(put, key, head, expiresAt, entry.value));
    },
    delete: (key) => write(key, null, statement(remove, key)),
    keys: (after, limit) => sqlite.read(keysAfter, after, now(), limit).map(({ key }) => String(key)),
    async close() {
      closed = true;
      clearInterval(timer);
      await removing;
    },
  };
}

const copyOf = (entry: Entry | null) => entry && { ...entry, value: entry.value.slice() };
