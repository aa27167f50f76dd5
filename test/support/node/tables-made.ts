import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/**
 * What all migrations of a folder make of an empty database, as one SQL text: its tables, the rows they begin with, indexes and
 * triggers. In D1's simulation it takes a third of the time that the migrations take one statement after the other.
 */
export function tablesMade(folder: string): string {
  const db = new DatabaseSync(":memory:");
  for (const name of readdirSync(folder).toSorted()) db.exec(readFileSync(join(folder, name), "utf8"));
  const made = db
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all() as { type: string; name: string; sql: string }[];
  const tables = made.filter(({ type }) => type === "table");
  const rows = tables.flatMap(({ name }) =>
    db
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => `INSERT INTO "${name}" VALUES (${Object.values(row).map(literalOf).join(", ")})`),
  );
  db.close();
  // Triggers come after the rows: they would count them again.
  const others = made.filter(({ type }) => type !== "table");
  return [...tables.map(({ sql }) => sql), ...rows, ...others.map(({ sql }) => sql)].join(";\n");
}

function literalOf(value: SQLOutputValue): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  throw new Error("A migration makes rows of values that this does not write.");
}
