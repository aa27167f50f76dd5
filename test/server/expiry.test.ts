import { statSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { openCache } from "../../server/cache.ts";
import { openKeyValue } from "../../server/key-value.ts";
import { sqliteFiles } from "../platform/machine/files.ts";

const files = sqliteFiles();
const URL_OF = "https://marks.invalid/";
const day = { headers: { "Cache-Control": "max-age=86400" } };

test("a value is gone when its lifetime has ended", async () => {
  let now = 1_000;
  const kv = files.closing(openKeyValue(await files.cacheFile(files.path()), () => now));
  await kv.put("a", "x", { expirationTtl: 60 });
  await kv.put("b", "x");
  now += 59_999;
  expect(await kv.get("a", "stream")).not.toBeNull();
  now += 1;
  expect(await kv.get("a", "stream")).toBeNull();
  expect(await kv.get("b", "stream")).not.toBeNull();
  await kv.put("a", "y");
  now += 1e9;
  expect(await new Response(await kv.get("a", "stream")).text()).toBe("y");
});

test("a response is fresh for as long as its headers say, through a restart", async () => {
  let now = Date.now();
  const path = files.path();
  const before = openCache(await files.cacheFile(path), () => now);
  await before.put(URL_OF, new Response("x", day));
  await before.close();
  await files.closeAll();
  now += 86_399_999;
  const cache = files.closing(openCache(await files.cacheFile(path), () => now));
  expect(await (await cache.match(URL_OF))?.text()).toBe("x");
  now += 1;
  expect(await cache.match(URL_OF)).toBeUndefined();
  expect(await cache.delete(URL_OF)).toBe(false);
});

test("what has expired is removed in the background, and nothing else", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    let now = 1_000;
    const sqlite = await files.cacheFile(files.path());
    const kv = files.closing(openKeyValue(sqlite, () => now));
    const short = Array.from({ length: 250 }, (_, n) => kv.put(`short ${n}`, "x", { expirationTtl: 60 }));
    await Promise.all([...short, kv.put("long", "x", { expirationTtl: 86_400 }), kv.put("for good", "x")]);
    now += 3_600_000;
    vi.advanceTimersByTime(600_000);
    const keys = () => sqlite.read("SELECT key FROM key_value ORDER BY key").map(({ key }) => key);
    await vi.waitFor(() => expect(keys()).toEqual(["for good", "long"]), { timeout: 30_000 });
  } finally {
    vi.useRealTimers();
  }
});

test("the file uses the space again of what was removed", async () => {
  const path = files.path();
  const kv = files.closing(openKeyValue(await files.cacheFile(path), Date.now));
  async function fillAndEmpty() {
    for (let n = 0; n < 20; n += 1) await kv.put(`${n}`, new Uint8Array(1024 * 1024));
    for (let n = 0; n < 20; n += 1) await kv.delete(`${n}`);
  }
  await fillAndEmpty();
  await fillAndEmpty();
  const first = statSync(path).size;
  for (let again = 0; again < 5; again += 1) await fillAndEmpty();
  expect(statSync(path).size).toBeLessThan(first * 1.2);
});
