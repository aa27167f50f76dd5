import { join } from "node:path";
import { DURABLE_PREFIXES } from "../../worker/platform/objects.ts";
import type { Database } from "../../worker/platform/database.ts";
import { openDatabase } from "../database.ts";
import { migrate } from "../migrate.ts";
import { openObjects, type OpenedObjects } from "../objects/open-objects.ts";
import { Writer } from "../sqlite/writer.ts";
import { CannotCarryOver } from "./cannot-carry-over.ts";
import { countOf, dropTablesOfSimulator, endUploads } from "./database-rows.ts";
import { absentAmong, damageLines, hostedFiles, coreMetadataKey } from "./hosted-files.ts";
import { copyObjects, hostedObjects, type SimulatedObject } from "./hosted-objects.ts";
import { findSimulatedState, stampOf, type SimulatedState } from "./simulated-state.ts";
import { copySqlite, removeSqlite } from "./sqlite-copy.ts";

/** What was carried over. */
export interface CarriedOver {
  /** Uploaded files, and the core metadata of wheels, which is an object of its own. */
  readonly objects: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly auditEntries: number;
  /** Uploads in parts that were not finished. They are not carried over. */
  readonly unfinishedUploads: number;
  /** A line for each file of which bytes are lost. */
  readonly damaged: readonly string[];
}

interface CarryOverOptions {
  /** The folder of the migrations. */
  readonly migrations: string;
  /** Is told how many bytes are copied, and of how many. */
  readonly show: (bytes: number, of: number) => void;
}

/**
 * Copies what a team has uploaded, and the database, from a state directory that simulators have written into a new one,
 * which exists and is marked as unfinished. A second call goes on where the first was broken off. The old directory is
 * only read; nothing may write to it. All is on the disk when this resolves.
 *
 * @throws CannotCarryOver, UnusableDatabase, or the system's or SQLite's error
 */
export async function carryOver(
  from: string,
  to: string,
  { migrations, show }: CarryOverOptions,
): Promise<CarriedOver> {
  const old = await findSimulatedState(from);
  const stamp = await stampOf(old);
  const file = join(to, "database.sqlite");
  await copySqlite(old.database, file, dropTablesOfSimulator);
  const source = await listed(old, to);
  const bytes = source.reduce((sum, { size }) => sum + size, 0);
  const carried = await withStores(file, to, async (database, objects) => {
    await migrate(database, migrations);
    const unfinishedUploads = await endUploads(database);
    const files = await hostedFiles(database);
    const copied = await copyObjects(source, {
      blobs: old.blobs,
      to: objects,
      digests: new Map(
        files.flatMap(({ object, metadata }) => (metadata ? [[coreMetadataKey(object), metadata]] : [])),
      ),
      show: (done) => show(done, bytes),
    });
    const absent = absentAmong(files, new Set(source.map(({ key }) => key)));
    const damaged = damageLines([...copied, ...absent], files);
    const [tokens, auditEntries] = [await countOf(database, "token"), await countOf(database, "audit")];
    return { objects: source.length, bytes, tokens, auditEntries, unfinishedUploads, damaged };
  });
  if ((await stampOf(old)) === stamp) return carried;
  throw new CannotCarryOver(`${from} was changed while it was copied. Stop what uses it, and run the command again.`);
}

/** The objects to be copied. */
async function listed({ bucket }: SimulatedState, to: string): Promise<SimulatedObject[]> {
  if (bucket === undefined) return [];
  const copy = join(to, "carry-over.sqlite");
  try {
    return await copySqlite(bucket, copy, hostedObjects);
  } finally {
    await removeSqlite(copy);
  }
}

/** Does something with the new directory's stores, and closes them. */
async function withStores<Result>(
  file: string,
  to: string,
  act: (database: Database, objects: OpenedObjects) => Promise<Result>,
): Promise<Result> {
  const writer = new Writer();
  try {
    const database = await openDatabase(file, writer);
    try {
      const objects = await openObjects(to, writer, { durable: DURABLE_PREFIXES });
      return await act(database, objects).finally(() => objects.close());
    } finally {
      await database.close();
    }
  } finally {
    await writer.end();
  }
}
