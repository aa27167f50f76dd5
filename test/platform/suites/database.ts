import { beforeEach, describe, expect, test } from "vitest";
import type { Database, SqlValue } from "../../../worker/platform/database.ts";

/**
 * What the worker relies on of a database.
 *
 * @param open gives a database without the tables `entry` and `child`, before each test
 */
export function databaseSuite(open: () => Promise<Database>): void {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    await db.batch([
      db.prepare("CREATE TABLE entry (key TEXT PRIMARY KEY, value ANY, size INTEGER NOT NULL DEFAULT 0)"),
      db.prepare("CREATE TABLE child (entry TEXT REFERENCES entry (key))"),
    ]);
  });

  const insert = (key: string, value: SqlValue = null) =>
    db.prepare("INSERT INTO entry (key, value) VALUES (?1, ?2)").bind(key, value);
  const keys = async () => (await db.prepare("SELECT key FROM entry ORDER BY key").all()).results.map(({ key }) => key);
  const valueOf = async (value: SqlValue) => (await db.prepare("SELECT ?1 AS value").bind(value).first())?.["value"];

  describe("statements", () => {
    test("a read sees the write that was answered before", async () => {
      for (let n = 0; n < 50; n += 1) {
        await insert(`k${n}`).run();
        expect(await db.prepare("SELECT count(*) AS n FROM entry").first()).toEqual({ n: n + 1 });
      }
    });

    test("first has the first row, or null", async () => {
      await db.batch([insert("a"), insert("b")]);
      const first = db.prepare("SELECT key FROM entry WHERE key >= ?1 ORDER BY key");
      expect(await first.bind("a").first()).toEqual({ key: "a" });
      expect(await first.bind("z").first()).toBeNull();
    });

    test("run and all both have the rows", async () => {
      await insert("a").run();
      const statement = db.prepare("SELECT key, size FROM entry");
      expect((await statement.all()).results).toEqual([{ key: "a", size: 0 }]);
      expect((await statement.run()).results).toEqual([{ key: "a", size: 0 }]);
    });

    test("a prepared statement can be bound and run again, and a bound one too", async () => {
      const prepared = db.prepare("SELECT ?1 AS value");
      const [one, other] = [prepared.bind(1), prepared.bind(2)];
      const values = await Promise.all([one, other, one].map((each) => each.first()));
      expect(values).toEqual([{ value: 1 }, { value: 2 }, { value: 1 }]);
    });

    test("a parameter that is named twice is bound once", async () => {
      expect(await db.prepare("SELECT ?2 AS a, ?1 AS b, ?2 AS c").bind(1, 2).first()).toEqual({ a: 2, b: 1, c: 2 });
    });

    test("RETURNING gives the rows that were written", async () => {
      const { results, meta } = await db.prepare("INSERT INTO entry (key) VALUES ('a'), ('b') RETURNING key").all();
      expect(results).toEqual([{ key: "a" }, { key: "b" }]);
      expect(meta.changes).toBe(2);
    });

    test("WITH can lead to a read and to a write", async () => {
      expect(await db.prepare("WITH one AS (SELECT 1 AS n) SELECT n FROM one").first()).toEqual({ n: 1 });
      await db.prepare("WITH one AS (SELECT 'a' AS key) INSERT INTO entry (key) SELECT key FROM one").run();
      expect(await keys()).toEqual(["a"]);
    });

    test("changes counts the rows that were written, and none for a read", async () => {
      await db.batch([insert("a"), insert("b")]);
      const results = await db.batch([
        db.prepare("UPDATE entry SET size = 1"),
        db.prepare("SELECT * FROM entry"),
        db.prepare("UPDATE entry SET size = 2 WHERE key = 'z'"),
        db.prepare("DELETE FROM entry WHERE key = 'a'"),
      ]);
      expect(results.map(({ meta }) => meta.changes)).toEqual([2, 0, 0, 1]);
      expect((await db.prepare("SELECT * FROM entry").run()).meta.changes).toBe(0);
    });
  });

  describe("values", () => {
    test("texts, numbers and null come back as they were bound", async () => {
      for (const value of ["", "ü\u{1F600}", 0, -1.5, 2 ** 53 - 1, null]) expect(await valueOf(value)).toBe(value);
    });

    test("a boolean is 1 or 0", async () => {
      expect(await valueOf(true)).toBe(1);
      expect(await valueOf(false)).toBe(0);
    });

    test("bytes are a blob, and come back as an array of numbers", async () => {
      const bytes = new Uint8Array([0, 1, 255]);
      expect(await valueOf(bytes)).toEqual([0, 1, 255]);
      expect(await valueOf(bytes.buffer)).toEqual([0, 1, 255]);
      await insert("a", bytes).run();
      expect(await db.prepare("SELECT typeof(value) AS type, value FROM entry").first()).toEqual({
        type: "blob",
        value: [0, 1, 255],
      });
    });

    test("an integer column has integers, whatever is bound", async () => {
      await db.prepare("INSERT INTO entry (key, size) VALUES ('a', ?1)").bind(7).run();
      const row = await db.prepare("SELECT typeof(size) AS type, json_array(size) AS json FROM entry").first();
      expect(row).toEqual({ type: "integer", json: "[7]" });
    });

    test.each([
      [undefined, "Type 'undefined' not supported for value 'undefined'"],
      [{}, "Type 'object' not supported for value '[object Object]'"],
      [1n, "Type 'bigint' not supported for value '1'"],
    ])("%o cannot be bound", (value, why) => {
      expect(() => db.prepare("SELECT ?1").bind(value as never)).toThrow(`D1_TYPE_ERROR: ${why}`);
    });

    test("100 values can be bound, and not 101", async () => {
      const many = (count: number) => db.prepare(`SELECT ?${count} AS last`).bind(...Array<number>(count).fill(1));
      expect(await many(100).first()).toEqual({ last: 1 });
      await expect(many(101).first()).rejects.toThrow("D1_ERROR: variable number must be between ?1 and ?100");
    });

    test("too few or too many values are an error", async () => {
      for (const values of [[], [1], [1, 2, 3]]) {
        const bound = db.prepare("SELECT ?1, ?2").bind(...values);
        await expect(bound.all()).rejects.toThrow("D1_ERROR: Wrong number of parameter bindings for SQL query.");
      }
    });
  });

  describe("batches", () => {
    test("the results come in the order of the statements", async () => {
      const results = await db.batch([insert("a"), db.prepare("SELECT key FROM entry"), insert("b")]);
      expect(results.map((each) => each.results)).toEqual([[], [{ key: "a" }], []]);
    });

    test("where one statement fails, none has been done", async () => {
      await expect(db.batch([insert("a"), insert("b"), insert("a")])).rejects.toThrow("UNIQUE constraint failed");
      expect(await keys()).toEqual([]);
    });

    test("one that fails leaves those alone that run at the same time", async () => {
      const batches = ["a", "b", "a", "c"].map((key) => db.batch([insert(`${key}1`), insert(`${key}2`)]));
      const outcomes = await Promise.allSettled(batches);
      expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
      expect(await keys()).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
    });

    test("all reads of one are of one state", async () => {
      const sum = db.prepare("SELECT count(*) AS n FROM entry");
      const writes = Array.from({ length: 30 }, (_, n) => db.batch([insert(`${n}`), insert(`${n}+`)]));
      const read = await Promise.all(writes.map(async () => db.batch<{ n: number }>([sum, sum, sum])));
      await Promise.all(writes);
      for (const results of read) {
        const counts = results.map((each) => each.results[0]?.n ?? NaN);
        expect(new Set(counts).size).toBe(1);
        expect((counts[0] ?? NaN) % 2).toBe(0);
      }
    });

    test("one of no statements is an error", async () => {
      await expect(db.batch([])).rejects.toThrow("D1_ERROR: No SQL statements detected.");
    });

    test("one can make tables, triggers and indexes, and is undone whole", async () => {
      const making = [
        db.prepare("CREATE TABLE made (n INTEGER)"),
        db.prepare("CREATE TRIGGER on_made AFTER INSERT ON made\nBEGIN UPDATE entry SET size = size + NEW.n; END"),
        db.prepare("CREATE INDEX made_n ON made (n)"),
      ];
      await expect(db.batch([...making, db.prepare("INSERT INTO missing VALUES (1)")])).rejects.toThrow(
        "no such table",
      );
      await db.batch(making);
      const [, made] = await db.batch([insert("a"), db.prepare("INSERT INTO made VALUES (3)")]);
      // The row, and the one that the trigger changed.
      expect(made?.meta.changes).toBe(2);
      expect(await db.prepare("SELECT size FROM entry").first()).toEqual({ size: 3 });
    });
  });

  describe("errors", () => {
    test("one of a constraint names the constraint and its columns", async () => {
      await insert("a").run();
      await expect(insert("a").run()).rejects.toThrow(
        /^D1_ERROR: UNIQUE constraint failed: entry\.key: SQLITE_CONSTRAINT/,
      );
      await expect(db.prepare("UPDATE entry SET size = NULL").run()).rejects.toThrow(
        /^D1_ERROR: NOT NULL constraint failed: entry\.size: SQLITE_CONSTRAINT/,
      );
    });

    test("foreign keys are enforced", async () => {
      await expect(db.prepare("INSERT INTO child VALUES ('none')").run()).rejects.toThrow(
        /^D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT/,
      );
    });

    test.each(["SELECT * FROM missing", "DELETE FROM missing"])("%s names the table that is missing", async (sql) => {
      await expect(db.prepare(sql).all()).rejects.toThrow(/^D1_ERROR: no such table: missing.*: SQLITE_ERROR$/);
    });

    test("text that is no SQL is an error when it is run", async () => {
      await expect(db.prepare("SELEC 1").all()).rejects.toThrow(
        /^D1_ERROR: near "SELEC": syntax error.*: SQLITE_ERROR$/,
      );
    });
  });

  describe("functions", () => {
    test("a JSON array takes the place of many parameters", async () => {
      const rows = JSON.stringify([
        ["a", 1],
        ["b", 2],
      ]);
      await db
        .prepare("INSERT INTO entry (key, size) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true")
        .bind(rows)
        .run();
      const found = await db
        .prepare(
          "SELECT json_group_object(key, size) AS all_of FROM entry WHERE key IN (SELECT value FROM json_each(?1))",
        )
        .bind('["a","b","c"]')
        .first();
      expect(found).toEqual({ all_of: '{"a":1,"b":2}' });
    });

    test("UPDATE FROM, ON CONFLICT and iif", async () => {
      await db.batch([insert("a"), insert("b")]);
      await db
        .prepare("UPDATE entry SET size = new.value FROM json_each(?1) AS new WHERE entry.key = new.key")
        .bind('{"a":5}')
        .run();
      await db
        .prepare("INSERT INTO entry (key) VALUES ('a') ON CONFLICT (key) DO UPDATE SET size = iif(size > 4, 9, 0)")
        .run();
      expect(await db.prepare("SELECT size FROM entry WHERE key = 'a'").first()).toEqual({ size: 9 });
    });
  });
}
