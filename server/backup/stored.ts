import { existsSync } from "node:fs";
import { join } from "node:path";
import { DURABLE_PREFIXES, type Objects } from "../../worker/platform/objects.ts";
import { openKeyValue } from "../key-value.ts";
import { ObjectFiles } from "../objects/object-files.ts";
import { rowOf, type ObjectRow } from "../objects/object-rows.ts";
import { fileObjects } from "../objects/objects.ts";
import { sizeOf } from "../objects/soundness.ts";
import { Uploads } from "../objects/uploads.ts";
import { readOnlySqlite } from "../sqlite/read-only.ts";
import type { Sqlite } from "../sqlite/sqlite.ts";

/** What a state directory has, as it is read beside a server that may be writing to it. */
export interface Stored {
  /** The tables of D1. */
  readonly database: Sqlite;
  /** The tables of `objects.sqlite`. */
  readonly rows: Sqlite;
  readonly cache: Sqlite;
  readonly files: ObjectFiles;
  /** Where an object's bytes are lost, `get` rejects with a `LostObject`. */
  readonly objects: Pick<Objects, "get" | "list">;
  readonly keyValue: Pick<ReturnType<typeof openKeyValue>, "get" | "getWithMetadata" | "list">;
  close(): Promise<void>;
}

/** An object has a row, and its file is not there or has another length. */
export class LostObject extends Error {}

const isDurable = (key: string) => DURABLE_PREFIXES.some((prefix) => key.startsWith(prefix));

/**
 * Opens a state directory and changes nothing in it.
 *
 * @throws SQLite's error where a file is not there, or is damaged
 */
export function openStored(state: string): Stored {
  const opened: Sqlite[] = [];
  const open = (name: string) => {
    const file = join(state, `${name}.sqlite`);
    if (!existsSync(file))
      throw new Error(`${file} is not there; a server that is started on this directory makes it anew, empty`);
    const db = readOnlySqlite(file);
    opened.push(db);
    return db;
  };
  try {
    const [database, rows, cache] = [open("database"), open("objects"), open("cache")];
    const files = new ObjectFiles(join(state, "objects"), join(state, "partial"), isDurable);
    const uploads = new Uploads(join(state, "uploads"), rows, files, { isDurable, now: Date.now });
    const soundness = { mayBeAbsent: () => false, isSound: (row: ObjectRow) => isThere(row, rows, files) };
    const keyValue = openKeyValue(cache, Date.now);
    return {
      database,
      rows,
      cache,
      files,
      objects: fileObjects({ db: rows, files, uploads, soundness, now: Date.now }),
      keyValue,
      async close() {
        await keyValue.close();
        for (const db of opened) await db.close();
      },
    };
  } catch (error) {
    for (const db of opened) void db.close();
    throw error;
  }
}

/** Whether a row's file is there. Throws where it is not although no other row has taken the place of this one. */
async function isThere({ key, version, size }: ObjectRow, rows: Sqlite, files: ObjectFiles): Promise<boolean> {
  const found = await sizeOf(files.pathOf(key, version));
  if (found === size) return true;
  if (rowOf(rows, key)?.version !== version) return false;
  throw new LostObject(found === undefined ? "is not there" : `has ${found} bytes instead of ${size}`);
}
