import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../server/database.ts";
import { checkDatabase, migrate } from "../../server/migrate.ts";
import { UnusableDatabase } from "../../server/unusable-database.ts";
import { sqliteFiles } from "../platform/machine/files.ts";

const MIGRATIONS = join(import.meta.dirname, "..", "..", "schema", "migrations");
const files = sqliteFiles();
const folder = mkdtempSync(join(tmpdir(), "pypi-edge-migrations-"));
afterAll(() => rmSync(folder, { recursive: true }));

const open = async (path: string) => files.closing(await openDatabase(path, files.writer));
const copied = (name: string) => copyFileSync(join(MIGRATIONS, name), join(folder, name));

beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});

test("all migrations are applied once, in order, and noted as wrangler notes them", async () => {
  const db = await open(files.path());
  await migrate(db, MIGRATIONS);
  await migrate(db, MIGRATIONS);
  const { results } = await db.prepare("SELECT id, name FROM d1_migrations ORDER BY id").all();
  const names = readdirSync(MIGRATIONS).toSorted();
  expect(results).toEqual(names.map((name, at) => ({ id: at + 1, name })));
  // The triggers are there, too.
  await db.prepare("INSERT INTO object VALUES ('file/a/b', 's', 'p', 7, 1, 1, 0)").run();
  expect(await db.prepare("SELECT objects, bytes FROM stored").first()).toEqual({ objects: 1, bytes: 7 });
});

test("a database of an older version gets what it lacks, and keeps its rows", async () => {
  const db = await open(files.path());
  copied("0001_page.sql");
  await migrate(db, folder);
  await db.prepare("INSERT INTO page (source, project, changed_at) VALUES ('s', 'p', 1)").run();
  await migrate(db, MIGRATIONS);
  expect(await db.prepare("SELECT project, announced_serial FROM page").first()).toEqual({
    project: "p",
    announced_serial: null,
  });
});

test("provenance by bytes alone becomes that of each index that has such a file", async () => {
  const db = await open(files.path());
  for (const name of readdirSync(MIGRATIONS).filter((each) => each < "0031")) copied(name);
  await migrate(db, folder);
  const file = (index: string, identity: string, sha256: string, trashed: string | null) =>
    db
      .prepare(
        "INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, trashed, uploaded_at) VALUES (?1, 'p', ?2, 'p.whl', '1', ?3, 1, ?4, ?5, 1)",
      )
      .bind(index, identity, sha256, trashed === null ? "o" : null, trashed)
      .run();
  await file("team", "p.whl", "a", null);
  await file("prod", "p.whl", "a", "o");
  await file("other", "p.whl", "b", null);
  for (const sha256 of ["a", "c"])
    await db.prepare("INSERT INTO hosted_provenance VALUES (?1, 'p.whl', '{}')").bind(sha256).run();
  await migrate(db, MIGRATIONS);
  const row = { sha256: "a", filename: "p.whl", object: "{}", signer: null };
  expect((await db.prepare("SELECT * FROM hosted_provenance").all()).results).toEqual([
    { index_name: "prod", ...row },
    { index_name: "team", ...row },
  ]);
});

test("a migration that fails is undone whole", async () => {
  const db = await open(files.path());
  writeFileSync(join(folder, "0001_bad.sql"), "CREATE TABLE good (n);\nINSERT INTO missing VALUES (1);\n");
  await expect(migrate(db, folder)).rejects.toThrow("no such table");
  const made = await db.prepare("SELECT name FROM sqlite_schema WHERE name = 'good'").first();
  expect(made).toBeNull();
  expect(await db.prepare("SELECT * FROM d1_migrations").first()).toBeNull();
});

test("a newer database is refused with a sentence, and nothing is changed", async () => {
  const path = files.path();
  const db = await open(path);
  copied("0001_page.sql");
  writeFileSync(join(folder, "9999_next.sql"), "CREATE TABLE next (n);\n");
  await migrate(db, folder);
  const why = /^A newer pypi-edge has changed the database \(9999_next\.sql\).*Start that version or a later one/;
  await expect(migrate(db, MIGRATIONS)).rejects.toThrow(why);
  expect(await db.prepare("SELECT count(*) AS n FROM d1_migrations").first()).toEqual({ n: 2 });
  await files.closeAll();
  const bytes = readFileSync(path);
  const refused = checkDatabase(path, MIGRATIONS);
  await expect(refused).rejects.toThrow(UnusableDatabase);
  await expect(refused).rejects.toThrow(why);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test("a database of ours, or none, is accepted", async () => {
  const path = files.path();
  await expect(checkDatabase(path, MIGRATIONS)).resolves.toBeUndefined();
  const db = await open(path);
  await migrate(db, MIGRATIONS);
  await expect(checkDatabase(path, MIGRATIONS)).resolves.toBeUndefined();
  await files.closeAll();
  await expect(checkDatabase(path, MIGRATIONS)).resolves.toBeUndefined();
});

test("another program's database is refused, and nothing is changed", async () => {
  const path = files.path();
  const foreign = new DatabaseSync(path);
  foreign.exec("CREATE TABLE theirs (n)");
  foreign.close();
  const bytes = readFileSync(path);
  await expect(checkDatabase(path, MIGRATIONS)).rejects.toThrow(/is the database of another program\. Choose/);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test.each(["this is text, and no database ".repeat(100), "SQLite format 3\0".padEnd(9000, "x")])(
  "a file that is damaged, or no database, is refused",
  async (text) => {
    const path = files.path();
    writeFileSync(path, text);
    await expect(checkDatabase(path, MIGRATIONS)).rejects.toThrow(/is damaged, or no SQLite database .* Restore/);
    expect(readFileSync(path, "latin1")).toBe(text);
  },
);
