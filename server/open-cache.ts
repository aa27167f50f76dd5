import { CACHE_SCHEMA } from "./cache.ts";
import { removeSqlite } from "./carry-over/sqlite-copy.ts";
import { KEY_VALUE_SCHEMA } from "./key-value.ts";
import { saysDamaged } from "./sqlite/codes.ts";
import { openSqlite, type Sqlite } from "./sqlite/sqlite.ts";
import type { Writer } from "./sqlite/writer.ts";

const OPTIONS = { durable: false, schema: [...KEY_VALUE_SCHEMA, ...CACHE_SCHEMA] } as const;

/**
 * Opens the file of what can be fetched again: values under keys, and cached responses. One that is damaged is made anew.
 *
 * @param log takes a sentence that says so
 * @throws SQLite's error, or the system's
 */
export async function openCacheFile(file: string, writer: Writer, log: (line: string) => void): Promise<Sqlite> {
  try {
    return await openSqlite(file, writer, OPTIONS);
  } catch (error) {
    if (!saysDamaged(error)) throw error;
    await writer.close(file);
    await removeSqlite(file);
    log(`${file} was damaged, and is made anew: what it had is fetched again.`);
    return openSqlite(file, writer, OPTIONS);
  }
}
