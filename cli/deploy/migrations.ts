import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MIGRATIONS } from "../lib/project-folder.ts";
import type { ApiRequest, CloudflareApi } from "./cloudflare-api.ts";

/** Wrangler's own table, so that `wrangler d1 migrations list` and this agree on which migrations have been applied. */
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);`;

/** The migrations of a database, by the names of their files. */
export interface MigrationState {
  /** Those that are not applied yet, in their order. */
  readonly missing: readonly string[];
  /** Those of a newer version, which this one does not know. */
  readonly newer: readonly string[];
}

/** What the database has of this version's migrations. It is only read. */
export async function migrationState(api: CloudflareApi, database: string): Promise<MigrationState> {
  const known = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();
  const request = { purpose: "read which migrations the database has", permission: "D1: Edit" };
  const rows = async (sql: string) =>
    (await query(api, database, request, sql)).flatMap(({ results }) => results ?? []);
  const tables = await rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'");
  const applied = tables.length === 0 ? [] : (await rows("SELECT name FROM d1_migrations")).map(({ name }) => name);
  return {
    missing: known.filter((name) => !applied.includes(name)),
    newer: applied.filter((name) => !known.includes(name)),
  };
}

/**
 * Applies one migration. D1 runs the statements of a query as one transaction, so that a migration which fails has changed
 * nothing, and is no migration that was applied.
 */
export async function applyMigration(api: CloudflareApi, database: string, name: string): Promise<void> {
  const sql = await readFile(join(MIGRATIONS, name), "utf8");
  const request = { purpose: `apply the migration ${name}`, permission: "D1: Edit" };
  // The names of our own files have nothing that would end the text.
  await query(api, database, request, `${TABLE}\n${sql}\nINSERT INTO d1_migrations (name) VALUES ('${name}');`);
}

/** What is said of a database that a newer version has changed. */
export const newerSentence = (newer: readonly string[]) =>
  `A newer pypi-edge has changed the database (${newer.join(", ")}). This version runs on it, without what is new there.`;

/** What the database answers to each statement. */
const query = async (api: CloudflareApi, database: string, request: ApiRequest, sql: string) =>
  (await api.ask<readonly Answered[]>(`d1/database/${database}/query`, {
    ...request,
    method: "POST",
    body: { sql },
  })) ?? [];

interface Answered {
  readonly results?: readonly { readonly name: string }[];
}
