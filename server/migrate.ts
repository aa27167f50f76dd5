import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Database } from "../worker/platform/database.ts";
import { messageOf } from "../worker/errors.ts";
import { diskFull, saysFull } from "./disk-full.ts";
import { saysDamaged } from "./sqlite/codes.ts";
import { openReadOnly } from "./sqlite/open-read-only.ts";
import { damagedDatabase, UnusableDatabase } from "./unusable-database.ts";

/** Wrangler's own table, so that `wrangler d1 migrations apply` and this agree on which migrations have been applied. */
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

const APPLIED = "SELECT name FROM d1_migrations";

/**
 * Looks at an SQLite file before it is opened, and changes nothing in it. A file that does not exist will do.
 *
 * @param folder of the migrations
 * @throws UnusableDatabase where it is damaged, another program's, or made by a newer version of this one
 */
export async function checkDatabase(file: string, folder: string): Promise<void> {
  if (!existsSync(file)) return;
  const known = await migrationsIn(folder);
  let db: DatabaseSync | undefined;
  try {
    db = openReadOnly(file);
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const names = tables.map(({ name }) => name);
    if (names.includes("d1_migrations")) refuseNewer(db.prepare(APPLIED).all().map(nameOf), known);
    else if (names.length > 0)
      throw new UnusableDatabase(
        `${file} is the database of another program. Choose another directory, or move the file away.`,
      );
  } catch (error) {
    if (error instanceof UnusableDatabase) throw error;
    throw saysFull(error) ? diskFull(error) : unreadable(file, error);
  } finally {
    db?.close();
  }
}

/**
 * Applies the migrations that are not applied yet, each in one transaction.
 *
 * @param folder of the migrations: `*.sql`, applied in the order of their names
 * @throws UnusableDatabase where a newer version has applied migrations that are not in the folder
 */
export async function migrate(db: Pick<Database, "prepare" | "batch">, folder: string): Promise<void> {
  const known = await migrationsIn(folder);
  await db.prepare(TABLE).run();
  const { results } = await db.prepare(APPLIED).all<{ name: string }>();
  const applied = results.map(nameOf);
  refuseNewer(applied, known);
  for (const name of known.filter((file) => !applied.includes(file))) {
    const statements = statementsOf(await readFile(join(folder, name), "utf8"));
    await db.batch([
      ...statements.map((sql) => db.prepare(sql)),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
    ]);
  }
}

const migrationsIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();

const nameOf = ({ name }: Record<string, unknown>) => String(name);

function refuseNewer(applied: readonly string[], known: readonly string[]): void {
  const unknown = applied.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UnusableDatabase(
    `A newer pypi-edge has changed the database (${unknown}), and this one does not know how to use it. ` +
      "Start that version or a later one, or restore the copy of the state directory that was made before the update.",
  );
}

function unreadable(file: string, error: unknown): UnusableDatabase {
  if (saysDamaged(error)) return damagedDatabase(file, error, ": it is the only place where uploads are recorded.");
  return new UnusableDatabase(
    `${file} cannot be read: ${messageOf(error)}. Make all files in its directory readable and writable.`,
    { cause: error },
  );
}

/** A migration's statements: each ends with a semicolon at a line's end. */
function statementsOf(sql: string): string[] {
  return sql
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, "").trim() !== "");
}
