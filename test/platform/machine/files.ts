import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import { CACHE_SCHEMA } from "../../../server/cache.ts";
import { KEY_VALUE_SCHEMA } from "../../../server/key-value.ts";
import { openSqlite, type Sqlite } from "../../../server/sqlite/sqlite.ts";
import { Writer } from "../../../server/sqlite/writer.ts";

/** SQLite files for the tests of one file; what a test has opened is closed after it. */
export function sqliteFiles(writer = new Writer()) {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-server-"));
  const opened: { close(): Promise<void> }[] = [];
  let files = 0;

  async function closeAll() {
    for (const each of opened.splice(0).toReversed()) await each.close();
  }
  afterEach(closeAll);
  afterAll(async () => {
    await writer.end();
    rmSync(folder, { recursive: true });
  });

  function closing<T extends { close(): Promise<void> }>(what: T): T {
    opened.push(what);
    return what;
  }
  return {
    writer,
    /** The path of a file that does not exist yet. */
    path: () => join(folder, `${(files += 1)}.sqlite`),
    /** Has it closed after the test. */
    closing,
    closeAll,
    /** The file with the tables of what can be fetched again. */
    cacheFile: async (path: string): Promise<Sqlite> =>
      closing(await openSqlite(path, writer, { durable: false, schema: [...KEY_VALUE_SCHEMA, ...CACHE_SCHEMA] })),
  };
}
