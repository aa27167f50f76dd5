import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { openDatabase } from "../../../server/database.ts";
import { openKeyValue } from "../../../server/key-value.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { sqliteFiles } from "../../platform/machine/files.ts";

const SLOW = fileURLToPath(new URL("slow-writer-thread.ts", import.meta.url).href);

const files = sqliteFiles(new Writer(SLOW));

let commits = 0;
const channel = new BroadcastChannel("commits");
channel.addEventListener("message", () => (commits += 1));
afterAll(() => channel.close());

const open = async () => {
  const db = files.closing(await openDatabase(files.path(), files.writer));
  await db.prepare("CREATE TABLE entry (key TEXT PRIMARY KEY)").run();
  const insert = (key: string) => db.prepare("INSERT INTO entry VALUES (?1)").bind(key).run();
  const count = async () => (await db.prepare("SELECT count(*) AS n FROM entry").first<{ n: number }>())?.n;
  await count();
  commits = 0;
  return { insert, count };
};

test("while 20 writers wait for the disk, reads are answered", async () => {
  const { insert, count } = await open();
  const writes = Promise.all(Array.from({ length: 20 }, (_, n) => insert(`${n}`)));
  const counted = [];
  for (let reads = 0; reads < 20; reads += 1) counted.push(await count());
  expect(new Set(counted)).toEqual(new Set([0]));
  await writes;
  expect(await count()).toBe(20);
});

test("those that wait for one commit share the next one", async () => {
  const { insert } = await open();
  const first = insert("first");
  await vi.waitFor(() => expect(commits).toBe(1));
  const others = Array.from({ length: 19 }, (_, n) => insert(`${n}`));
  await Promise.all([first, ...others]);
  expect(commits).toBe(2);
});

test("a value is read while it waits to be written", async () => {
  const kv = files.closing(openKeyValue(await files.cacheFile(files.path()), Date.now));
  const text = async () => new Response(await kv.get("a", "stream")).text();
  const one = kv.put("a", "one");
  expect(await text()).toBe("one");
  const two = kv.put("a", "two");
  expect(await text()).toBe("two");
  await one;
  expect(await text()).toBe("two");
  const gone = kv.delete("a");
  expect(await kv.get("a", "stream")).toBeNull();
  await Promise.all([two, gone]);
  expect(await kv.get("a", "stream")).toBeNull();
});

test("a value may be changed by its owner as soon as it was put", async () => {
  const kv = files.closing(openKeyValue(await files.cacheFile(files.path()), Date.now));
  const bytes = new Uint8Array([1, 2]);
  const put = kv.put("a", bytes);
  bytes.fill(9);
  const read = async () => new Uint8Array(await new Response(await kv.get("a", "stream")).arrayBuffer());
  expect(await read()).toEqual(new Uint8Array([1, 2]));
  await put;
  expect(await read()).toEqual(new Uint8Array([1, 2]));
});

test("of a delete, a put and a delete under way, the last one counts throughout", async () => {
  const kv = files.closing(openKeyValue(await files.cacheFile(files.path()), Date.now));
  const isThere = async () => (await kv.get("a", "stream")) !== null;
  const writes = [kv.delete("a"), kv.put("a", "x"), kv.delete("a")];
  const seen = writes.map(async (write) => {
    await write;
    return isThere();
  });
  expect(await isThere()).toBe(false);
  expect(await Promise.all(seen)).toEqual([false, false, false]);
});
