import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const MIGRATIONS = join(ROOT, "schema", "migrations");

/** The last migration of the version before. */
const BEFORE = readFileSync(join(ROOT, "test/fixtures/worker-before/migration"), "utf8").trim();

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
}

/** The tables after these migrations. */
function schemaOf(migrations: readonly string[]) {
  const db = new DatabaseSync(":memory:");
  for (const sql of migrations) db.exec(sql);
  const rows = <Row>(sql: string) => db.prepare(sql).all() as unknown as Row[];
  const columns = rows<Column>(
    `SELECT m.name AS "table", c.name, c.type, c."notnull", c.dflt_value, c.pk
     FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'`,
  );
  const unique = rows<{ table: string; columns: string; where: string | null }>(
    `SELECT m.name AS "table", i.name AS name, (SELECT group_concat(name) FROM pragma_index_info(i.name)) AS columns,
       (SELECT sql FROM sqlite_schema WHERE name = i.name) AS "where"
     FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS i WHERE m.type = 'table' AND i."unique" = 1`,
  );
  const triggers = rows<{ table: string; sql: string }>(
    "SELECT tbl_name AS \"table\", sql FROM sqlite_schema WHERE type = 'trigger'",
  );
  db.close();
  return { columns, rules: [...unique, ...triggers] };
}

/** What the version before could not do on the tables of this one. */
function hindrances(before: readonly string[], later: readonly string[]): string[] {
  const [old, now] = [schemaOf(before), schemaOf([...before, ...later])];
  const tables = new Set(old.columns.map(({ table }) => table));
  const written = (column: Column) => JSON.stringify(column);
  const known = new Set(now.columns.map(written));
  const lost = old.columns.filter((column) => !known.has(written(column)));
  const names = new Set(old.columns.map(({ table, name }) => `${table}.${name}`));
  const demanded = now.columns.filter(
    ({ table, name, notnull, dflt_value: initial }) =>
      tables.has(table) && !names.has(`${table}.${name}`) && notnull === 1 && initial === null,
  );
  const rules = new Set(old.rules.map((rule) => JSON.stringify(rule)));
  const added = now.rules.filter((rule) => tables.has(rule.table) && !rules.has(JSON.stringify(rule)));
  return [
    ...lost.map(({ table, name }) => `${table}.${name} is gone, or is not what it was`),
    ...demanded.map(({ table, name }) => `${table}.${name} must be given, and the version before does not know it`),
    ...added.map(({ table }) => `${table} has a rule that the version before does not know`),
  ];
}

const all = readdirSync(MIGRATIONS).toSorted();
const textOf = (name: string) => readFileSync(join(MIGRATIONS, name), "utf8");
const old = all.slice(0, all.indexOf(BEFORE) + 1).map(textOf);

test("the migrations since the version before only add to the tables, so that it runs on them while it is replaced", () => {
  expect(old.length).toBeGreaterThan(0);
  expect(hindrances(old, all.slice(old.length).map(textOf))).toEqual([]);
});

test.each([
  ["ALTER TABLE counter DROP COLUMN value", ["counter.value is gone, or is not what it was"]],
  [
    "ALTER TABLE counter RENAME COLUMN value TO sum",
    [
      "counter.value is gone, or is not what it was",
      "counter.sum must be given, and the version before does not know it",
    ],
  ],
  ["DROP TABLE dead_letter", expect.arrayContaining(["dead_letter.id is gone, or is not what it was"])],
  ["CREATE UNIQUE INDEX one ON counter (value)", ["counter has a rule that the version before does not know"]],
  ["CREATE TABLE later (id TEXT NOT NULL)", []],
  ["ALTER TABLE counter ADD COLUMN note TEXT", []],
  ["ALTER TABLE counter ADD COLUMN note TEXT NOT NULL DEFAULT ''", []],
])("%s is judged rightly", (sql, found) => {
  expect(hindrances(old, [sql])).toEqual(found);
});
