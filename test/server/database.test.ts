import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test, vi } from "vitest";
import { openDatabase } from "../../server/database.ts";
import { sqliteFiles } from "../platform/machine/files.ts";

const files = sqliteFiles();
afterEach(() => void vi.useRealTimers());

test("while a long query runs, others are answered", async () => {
  const db = files.closing(await openDatabase(files.path(), files.writer));
  const short = db.prepare("SELECT 1 AS n");
  const counting = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 2000000)";
  const long = db.prepare(`${counting} SELECT count(*) AS n FROM up`);
  // A query that was short once runs on the main thread.
  await short.first();
  await short.first();
  for (let again = 0; again < 2; again += 1) {
    const order: string[] = [];
    const counted = long.first().then((row) => order.push("long") && row);
    for (let n = 0; n < 20; n += 1) order.push(`short ${(await short.first<{ n: number }>())?.n}`);
    expect(await counted).toEqual({ n: 2_000_000 });
    expect(order.at(-1)).toBe("long");
  }
});

test("what was written is there when the file is opened again", async () => {
  const path = files.path();
  const one = await openDatabase(path, files.writer);
  await one.prepare("CREATE TABLE entry (n)").run();
  const begun = one.prepare("INSERT INTO entry VALUES (7)").run();
  await one.close();
  await begun;
  const other = files.closing(await openDatabase(path, files.writer));
  expect(await other.prepare("SELECT n FROM entry").first()).toEqual({ n: 7 });
});

const NODE = Number.parseInt(process.versions.node, 10);

test.skipIf(NODE < 24)(
  "a text with a NUL comes back whole, but for Node 22, which returns what is before it",
  async () => {
    const db = files.closing(await openDatabase(files.path(), files.writer));
    expect(await db.prepare("SELECT ?1 AS text").bind("a\0b").first()).toEqual({ text: "a\0b" });
  },
);

test("the version is another one after each write, and the same without", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const path = files.path();
  const db = files.closing(await openDatabase(path, files.writer));
  const versions = [db.version?.()];
  const note = () => versions.push(db.version?.());
  await db.prepare("CREATE TABLE entry (n)").run();
  note();
  await db.prepare("SELECT n FROM entry").all();
  note();
  await db.prepare("INSERT INTO entry VALUES (7)").run();
  note();
  const other = new DatabaseSync(path);
  other.exec("INSERT INTO entry VALUES (8)");
  other.close();
  // What another process writes is looked for 20 times a second.
  vi.setSystemTime(Date.now() + 51);
  note();
  const [first, made, read, written, byAnother] = versions;
  expect(new Set([first, made, written, byAnother]).size).toBe(4);
  expect([read, versions.includes(undefined)]).toEqual([made, false]);
});
