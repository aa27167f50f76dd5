import { SECOND } from "../worker/duration.ts";
import type { KeyValue } from "../worker/platform/key-value.ts";
import { byteStream } from "./byte-stream.ts";
import { openEntries, entriesSchema, type Entries } from "./sqlite/entries.ts";
import type { Sqlite } from "./sqlite/sqlite.ts";

/** KV's limits, in bytes. */
const MAX_KEY = 512;
const MAX_VALUE = 25 * 1024 * 1024;
const MAX_METADATA = 1024;

/** KV's. Seconds. */
const MIN_TTL = 60;

/** KV's for one listing. */
const MAX_KEYS = 1_000;

const TABLE = "key_value";

/** The statements that make the table. */
export const KEY_VALUE_SCHEMA = entriesSchema(TABLE);

/**
 * Values under keys in a table of `sqlite`, with KV's limits and error texts. A get sees each put at once.
 *
 * @param now the clock: milliseconds since the epoch
 */
export function openKeyValue(sqlite: Sqlite, now: () => number): KeyValue & Pick<Entries, "close"> {
  const entries = openEntries(sqlite, TABLE, now);

  return {
    async get(key) {
      checkKey("GET", key);
      const entry = entries.get(key);
      return entry && byteStream(entry.value);
    },

    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same as KV's
    async getWithMetadata<Metadata>(key: string) {
      checkKey("GET", key);
      const entry = entries.get(key);
      if (!entry) return { value: null, metadata: null };
      return { value: byteStream(entry.value), metadata: JSON.parse(entry.head) as Metadata | null };
    },

    async put(key, value, { metadata, expirationTtl } = {}) {
      checkKey("PUT", key);
      if (expirationTtl !== undefined) checkTtl(expirationTtl);
      const head = JSON.stringify(metadata ?? null);
      checkLength("Metadata", Buffer.byteLength(head), MAX_METADATA);
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      checkLength("Value", bytes.byteLength, MAX_VALUE);
      const expiresAt = expirationTtl === undefined ? null : now() + Math.floor(expirationTtl) * SECOND;
      await entries.put(key, { value: bytes as Uint8Array<ArrayBuffer>, head, expiresAt });
    },

    async delete(key) {
      checkKey("DELETE", key);
      await entries.delete(key);
    },

    async list({ limit = MAX_KEYS, cursor = "" }) {
      const names = entries.keys(cursor, Math.min(limit, MAX_KEYS) + 1);
      const keys = names.slice(0, Math.min(limit, MAX_KEYS)).map((name) => ({ name }));
      const last = keys.at(-1);
      if (names.length === keys.length || !last) return { keys, list_complete: true };
      return { keys, list_complete: false, cursor: last.name };
    },

    close: () => entries.close(),
  };
}

function checkKey(method: string, key: string): void {
  if (key === "") throw new TypeError("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  const length = Buffer.byteLength(key);
  if (length > MAX_KEY)
    throw new Error(
      `KV ${method} failed: 414 UTF-8 encoded length of ${length} exceeds key length limit of ${MAX_KEY}.`,
    );
}

function checkTtl(seconds: number): void {
  if (!(seconds >= MIN_TTL))
    throw new Error(
      `KV PUT failed: 400 Invalid expiration_ttl of ${seconds}. Expiration TTL must be at least ${MIN_TTL}.`,
    );
}

function checkLength(what: string, length: number, limit: number): void {
  if (length > limit) throw new Error(`KV PUT failed: 413 ${what} length of ${length} exceeds limit of ${limit}.`);
}
