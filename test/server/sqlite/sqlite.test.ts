import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqlite, statement, type Sqlite } from "../../../server/sqlite/sqlite.ts";
import { Writer } from "../../../server/sqlite/writer.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-sqlite-"));
const writer = new Writer();
let db: Sqlite;
beforeAll(async () => {
  const schema = ["CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value ANY)"];
  db = await openSqlite(join(folder, "a.sqlite"), writer, { durable: true, schema });
});
afterAll(async () => {
  await db.close();
  await writer.end();
  rmSync(folder, { recursive: true });
});

const insert = (key: string, value: string | number) => statement("INSERT INTO entry VALUES (?1, ?2)", key, value);

test("a read sees what a write has committed", async () => {
  await db.write(insert("a", 1));
  expect(db.read("SELECT value FROM entry WHERE key = ?1", "a")).toEqual([{ value: 1 }]);
});

test("of writes that share a commit, the one that fails is undone alone", async () => {
  const writes = ["b", "c", "b", "d"].map((key, at) => db.write(insert(key, at)));
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(db.read("SELECT key, value FROM entry WHERE key BETWEEN 'b' AND 'd' ORDER BY key")).toEqual([
    { key: "b", value: 0 },
    { key: "c", value: 1 },
    { key: "d", value: 3 },
  ]);
});

test("statements of one write are done together or not at all, and the error has SQLite's text", async () => {
  await expect(db.write(insert("e", 1), insert("e", 2))).rejects.toThrow("UNIQUE constraint failed: entry.key");
  expect(db.read("SELECT * FROM entry WHERE key = 'e'")).toEqual([]);
});

test("a write returns the rows that it asks for, and how many it changed", async () => {
  const [first, second] = await db.write(
    statement("INSERT INTO entry VALUES ('f', 1), ('g', 2) RETURNING key"),
    statement("DELETE FROM entry WHERE key = 'g'"),
  );
  expect(first).toEqual({ rows: [{ key: "f" }, { key: "g" }], changes: 2 });
  expect(second).toEqual({ rows: [], changes: 1 });
});

test("a second connection reads what was closed, and nothing that a failed write left", async () => {
  const file = join(folder, "b.sqlite");
  const schema = ["CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value ANY)"];
  const one = await openSqlite(file, writer, { durable: false, schema });
  const begun = one.write(insert("a", "x"));
  await one.close();
  await begun;
  const other = await openSqlite(file, writer, { durable: false, schema });
  expect(other.read("SELECT * FROM entry")).toEqual([{ key: "a", value: "x" }]);
  await other.close();
});

test("a write to a file that is not open, or to a thread that has ended, is rejected", async () => {
  await expect(writer.write(join(folder, "c.sqlite"), [insert("a", 1)])).rejects.toThrow("is not open");
  const other = new Writer();
  await other.end();
  await expect(other.write(join(folder, "a.sqlite"), [insert("a", 1)])).rejects.toThrow("The thread has ended.");
});

test("an error that ends the transaction fails all writes of it, and the next ones are done", async () => {
  const file = join(folder, "full.sqlite");
  const schema = ["CREATE TABLE entry (key TEXT PRIMARY KEY, value ANY)"];
  const full = await openSqlite(file, writer, { durable: false, schema });
  await full.write(statement("PRAGMA max_page_count = 10"));
  const large = (key: string) => statement("INSERT INTO entry VALUES (?1, zeroblob(100000))", key);
  const outcomes = await Promise.allSettled([full.write(large("a")), full.write(insert("b", 1))]);
  expect(outcomes[0]).toHaveProperty("reason.cause.message", "database or disk is full");
  await full.write(insert("c", 1));
  expect(full.read("SELECT key FROM entry WHERE key <> 'b'")).toEqual([{ key: "c" }]);
  await full.close();
});

test("what SQLite would write into temporary files is in memory: a container has nowhere to put them", async () => {
  expect(db.read("PRAGMA temp_store")).toEqual([{ temp_store: 2 }]);
  expect(await db.write(statement("PRAGMA temp_store"))).toMatchObject([{ rows: [{ temp_store: 2 }] }]);
});
