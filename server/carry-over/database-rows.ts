import type { DatabaseSync } from "node:sqlite";
import type { Database } from "../../worker/platform/database.ts";

const OF_SIMULATOR = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '_cf_*'";

/** Drops the tables that the simulator has in every database. */
export function dropTablesOfSimulator(db: DatabaseSync): void {
  for (const { name } of db.prepare(OF_SIMULATOR).all()) db.exec(`DROP TABLE "${String(name)}"`);
}

/**
 * Deletes the sessions of uploads that were not finished: their parts stay behind, and a client that goes on with one
 * would be told that they had arrived.
 *
 * @returns how many there were
 */
export async function endUploads(database: Database): Promise<number> {
  const [, uploads] = await database.batch([
    database.prepare("DELETE FROM upload_part"),
    database.prepare("DELETE FROM upload"),
  ]);
  return uploads?.meta.changes ?? 0;
}

export async function countOf(database: Database, table: "token" | "audit"): Promise<number> {
  return (await database.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n ?? 0;
}
