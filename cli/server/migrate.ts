import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { PROJECT_FOLDER } from "../lib/state.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

const FOLDER = join(PROJECT_FOLDER, "schema", "migrations");

/** Wrangler's own table, so that `wrangler d1 migrations apply` and this agree on which migrations have been applied. */
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies the migrations that are not applied yet, each in one transaction. */
export async function migrate(db: Database): Promise<void> {
  await db.prepare(TABLE).run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).toSorted();
  for (const name of files.filter((file) => !applied.has(file))) {
    const statements = statementsOf(await readFile(join(FOLDER, name), "utf8"));
    await db.batch([
      ...statements.map((sql) => db.prepare(sql)),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
    ]);
  }
}

/** A migration's statements: each ends with a semicolon at a line's end. */
function statementsOf(sql: string): string[] {
  return sql
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, "").trim() !== "");
}
