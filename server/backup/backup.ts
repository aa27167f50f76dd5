import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DAY } from "../../worker/duration.ts";
import type { Database } from "../../worker/platform/database.ts";
import { CARRIED_PREFIX, isKept, type ListedObjects, type ListOptions } from "../../worker/platform/objects.ts";
import { moveOut, type ReadStores } from "../../worker/storage/moving/move-out.ts";
import { hostedFiles } from "../carry-over/hosted-files.ts";
import { removeSqlite } from "../carry-over/sqlite-copy.ts";
import { openDatabase } from "../database.ts";
import { checkDatabase, migrate } from "../migrate.ts";
import { folderPlace } from "../moving/folder-place.ts";
import { isSystemError } from "../objects/system-error.ts";
import { Writer } from "../sqlite/writer.ts";
import { snapshotTakenAt, takeSnapshot } from "./snapshot.ts";
import { LostObject, openStored, type Stored } from "./stored.ts";
import type { Verified } from "./findings.ts";
import { verifyFolder } from "./verify-folder.ts";
import { CARRIED_OBJECTS, wantedDigests } from "./verify-state.ts";

interface BackupOptions {
  /** The state directory; a server may be using it. */
  readonly state: string;
  /** The folder of the backup: a new one, or one that a run that was broken off has begun. */
  readonly folder: string;
  /** The folder of the migrations. */
  readonly migrations: string;
  /** Whether mirrored files, pages and documents are in it as well. */
  readonly mirror: boolean;
}

/** What a folder has before it has a whole backup that was verified. */
const snapshotIn = (folder: string) => join(folder, "snapshot.sqlite");

const manifestIn = (folder: string) => join(folder, "move", "manifest.json");

/** Whether a folder has a backup that came to its end. */
export const isBackedUp = (folder: string): boolean =>
  existsSync(manifestIn(folder)) && !existsSync(snapshotIn(folder));

/** Whether a folder has a backup that did not come to its end. */
export const isBackupBegun = (folder: string): boolean => existsSync(snapshotIn(folder));

/** An older snapshot is taken anew: objects that it names are deleted after 31 days. Milliseconds. */
const OLDEST_SNAPSHOT = DAY;

/** How often it is gone on with where a mirrored file was deleted while it was copied. */
const TRIES = 20;

/**
 * Writes what a state directory has into a folder, as a move folder: the database as it is at one moment, then each object
 * that it names. A call that was broken off is gone on with by the next one. It ends with reading all that was written.
 *
 * @returns what is wrong with the bytes, among others
 * @throws UnusableDatabase, or SQLite's or the system's error
 */
export async function backUp({ state, folder, migrations, mirror }: BackupOptions): Promise<Verified> {
  const snapshot = snapshotIn(folder);
  if (!existsSync(snapshot) || !existsSync(manifestIn(folder))) {
    await checkDatabase(join(state, "database.sqlite"), migrations);
    const takenAt = await snapshotTakenAt(snapshot);
    if (takenAt === undefined || Date.now() - takenAt > OLDEST_SNAPSHOT) {
      // What was written of an earlier one is written anew.
      await rm(join(folder, "move", "position.json"), { force: true });
      await takeSnapshot(join(state, "database.sqlite"), snapshot);
    }
    await writeAll(state, folder, snapshot, { migrations, mirror });
  }
  const verified = await verifyFolder(folder, { isNew: true });
  await removeSqlite(snapshot);
  return verified;
}

async function writeAll(
  state: string,
  folder: string,
  snapshot: string,
  { migrations, mirror }: Pick<BackupOptions, "migrations" | "mirror">,
): Promise<void> {
  const writer = new Writer();
  try {
    const database = await openDatabase(snapshot, writer);
    try {
      // It may be of the version before.
      await migrate(database, migrations);
      const stored = openStored(state);
      try {
        const stores = await storesOf(stored, database, mirror);
        await withTries(() => moveOut(stores, folderPlace(folder), () => true, Date.now));
      } finally {
        await stored.close();
      }
    } finally {
      await database.close();
    }
  } finally {
    await writer.end();
  }
}

async function storesOf({ objects, keyValue }: Stored, database: Database, mirror: boolean): Promise<ReadStores> {
  const { results: carried } = await database.prepare(CARRIED_OBJECTS).all<{ key: string }>();
  const wanted = new Set([...wantedDigests(await hostedFiles(database)).keys(), ...carried.map(({ key }) => key)]);
  const get = async (key: string, options?: object) => {
    // It was uploaded or carried after the snapshot, or belongs to no file.
    if (isKept(key) && !wanted.has(key)) return null;
    try {
      return await objects.get(key, { ...options });
    } catch (error) {
      // What is left out is found when the folder is verified.
      if (error instanceof LostObject) return null;
      throw error;
    }
  };
  return {
    database,
    objects: { get, list: mirror ? objects.list : (options) => listKept(objects, options) },
    keyValue: mirror ? keyValue : { ...keyValue, list: async () => ({ keys: [], list_complete: true }) },
  };
}

/** Lists what exists nowhere else: what was carried, then hosted files. */
async function listKept(objects: Stored["objects"], options: ListOptions): Promise<ListedObjects> {
  const { startAfter = "" } = options;
  if (startAfter < `${CARRIED_PREFIX}~`) {
    const listed = await objects.list({ ...options, prefix: CARRIED_PREFIX });
    if (listed.objects.length > 0) return { ...listed, truncated: true };
  }
  return objects.list({ ...options, prefix: "hosted/" });
}

/** A mirrored file may be deleted between the reading of its row and the copying of its bytes. */
async function withTries(work: () => Promise<unknown>): Promise<void> {
  for (let tried = 1; ; tried++)
    try {
      await work();
      return;
    } catch (error) {
      if (tried === TRIES || !isSystemError(error, "ENOENT")) throw error;
    }
}
