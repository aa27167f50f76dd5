import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { StoredObjects } from "../../worker/repository/ports/stored-objects.ts";
import { mirroredObjectsIn } from "../../worker/storage/r2/mirrored-objects.ts";
import { counting, type Counts } from "../support/counting.ts";
import { keyOf, known, SOURCE } from "../support/swept.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const BEFORE = NOW - 7_200_000;

/** R2 as it would be if it listed `size` objects at once. */
function listingBy(size: number): R2Bucket {
  const list = (options: R2ListOptions) => env.FILES.list({ ...options, limit: size });
  return new Proxy(env.FILES, {
    get(target, property) {
      const value: unknown = property === "list" ? list : Reflect.get(target, property);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const put = (key: string, text = "bytes") => env.FILES.put(key, text, { customMetadata: { project: "demo" } });
const keys = async () => (await known()).map(({ key }) => key);
const runs = async (objects: StoredObjects, count: number) => {
  const told = [];
  for (let n = 0; n < count; n++) told.push(await objects.reconcile(BEFORE, NOW));
  return told;
};

describe("a reconciliation", () => {
  test("makes files known that were stored by an earlier version, as used when they were stored", async () => {
    const object = await put(keyOf("demo-1.0.zip"));
    await put(keyOf("demo-1.0.zip", "metadata"), "longer bytes");
    const objects = mirroredObjectsIn(env.DB, env.FILES);
    expect(await objects.reconcile(BEFORE, NOW)).toEqual({ seen: 2, found: 2, gone: 0 });
    const used_at = object.uploaded.getTime();
    expect((await known())[0]).toEqual({
      key: object.key,
      source: SOURCE,
      project: "demo",
      size: 5,
      used_at,
      known_at: NOW,
      mirrored: 0,
    });
    expect(await objects.total()).toEqual({ objects: 2, bytes: 17 });
  });

  test("writes nothing where all is known as it is", async () => {
    await put(keyOf("demo-1.0.zip"));
    const objects = mirroredObjectsIn(env.DB, env.FILES);
    await objects.reconcile(BEFORE, NOW);
    await env.DB.prepare("UPDATE object SET used_at = used_at + 5").run();
    const rows = await known();
    expect(await objects.reconcile(BEFORE, NOW)).toEqual({ seen: 1, found: 0, gone: 0 });
    expect(await known()).toEqual(rows);
  });

  test("goes on over several runs where the last one ended, and begins anew at the end", async () => {
    const all = Array.from({ length: 23 }, (_, n) => keyOf(`demo-${String(n).padStart(2, "0")}.zip`));
    await Promise.all(all.map((key) => put(key)));
    const objects = mirroredObjectsIn(env.DB, listingBy(2));
    expect(await runs(objects, 3)).toMatchObject([
      { seen: 10, found: 10 },
      { seen: 10, found: 10 },
      { seen: 3, found: 3 },
    ]);
    expect(await keys()).toEqual(all);
    await env.FILES.delete(all[1] ?? "");
    await env.DB.prepare("UPDATE object SET used_at = 0").run();
    expect(await objects.reconcile(BEFORE, NOW)).toEqual({ seen: 10, found: 0, gone: 1 });
  });

  test("goes on where it ended although the file that it ended with is gone", async () => {
    const all = Array.from({ length: 12 }, (_, n) => keyOf(`demo-${String(n).padStart(2, "0")}.zip`));
    await Promise.all(all.map((key) => put(key)));
    const objects = mirroredObjectsIn(env.DB, listingBy(2));
    await objects.reconcile(BEFORE, NOW);
    await env.FILES.delete(all[9] ?? "");
    expect(await objects.reconcile(BEFORE, NOW)).toEqual({ seen: 2, found: 2, gone: 0 });
  });

  test("deletes rows of files that are gone, within what it has listed only", async () => {
    const all = Array.from({ length: 30 }, (_, n) => keyOf(`demo-${String(n).padStart(2, "0")}.zip`));
    await Promise.all(all.map((key) => put(key)));
    await mirroredObjectsIn(env.DB, env.FILES).reconcile(BEFORE, NOW);
    await env.DB.prepare("UPDATE object SET used_at = 0").run();
    const gone = [0, 5, 20, 29].map((n) => all[n] ?? "");
    await env.FILES.delete(gone);
    const objects = mirroredObjectsIn(env.DB, listingBy(2));
    await objects.reconcile(BEFORE, NOW);
    expect((await keys()).filter((key) => gone.includes(key))).toEqual([all[20], all[29]]);
    await runs(objects, 2);
    expect(await keys()).toEqual(all.filter((key) => !gone.includes(key)));
  });

  test("deletes no row of a recently used file: it may have been stored while R2 was listed", async () => {
    const row = env.DB.prepare(
      "INSERT INTO object (key, source, project, size, used_at, known_at) VALUES (?1, 's', 'demo', 1, ?2, 0)",
    );
    await row.bind(keyOf("late-1.0.zip"), BEFORE).run();
    await row.bind(keyOf("old-1.0.zip"), BEFORE - 1).run();
    expect(await mirroredObjectsIn(env.DB, env.FILES).reconcile(BEFORE, NOW)).toEqual({ seen: 0, found: 0, gone: 1 });
    expect(await keys()).toEqual([keyOf("late-1.0.zip")]);
  });

  test("corrects the size of a file that was stored anew", async () => {
    await put(keyOf("demo-1.0.zip"));
    const objects = mirroredObjectsIn(env.DB, env.FILES);
    await objects.reconcile(BEFORE, NOW);
    await put(keyOf("demo-1.0.zip"), "more bytes");
    expect(await objects.reconcile(BEFORE, NOW)).toMatchObject({ found: 1 });
    expect(await objects.total()).toEqual({ objects: 1, bytes: 10 });
  });

  test("looks at nothing but mirrored files and their metadata", async () => {
    for (const key of ["hosted/x/y/z.zip", "page/2/s/demo", "list/2/s", "file/x.zip", "files/s/h/x.zip"])
      await put(key);
    expect(await mirroredObjectsIn(env.DB, env.FILES).reconcile(BEFORE, NOW)).toMatchObject({ found: 0 });
    expect(await keys()).toEqual([]);
  });

  test("costs two lists of R2 where little is stored", async () => {
    const counts: Counts = {};
    await put(keyOf("demo-1.0.zip"));
    await mirroredObjectsIn(env.DB, counting(env.FILES, "r2", counts)).reconcile(BEFORE, NOW);
    expect(counts).toEqual({ "r2.list": 2 });
  });
});
