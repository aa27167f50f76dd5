import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import {
  DAY,
  HOUR,
  inStore,
  keyOf,
  known,
  MINUTE,
  projects,
  read,
  resize,
  SOURCE,
  store,
  sweep,
  wheelOf,
} from "../support/swept.ts";

const GB = 1_000_000_000;
const NAMES = ["ann", "bob", "cid", "dan", "eve"];

/** Files of a gigabyte each, as far as D1 knows, stored a minute after one another; more than two hours ago. */
async function filled(names: readonly string[], quota: number, free = Infinity): Promise<Rig> {
  const rig = new Rig({ QUOTA: quota }, { freeBytes: () => Promise.resolve(free) });
  for (const name of names) {
    await store(rig, name);
    rig.wait(MINUTE);
  }
  await resize(GB);
  rig.wait(3 * HOUR);
  return rig;
}

/** What is stored, by its project. */
const kept = async () => (await inStore()).map((key) => /([a-z]+)-1\.0/.exec(key)?.[1]);

describe("on a disk with little room", () => {
  test("the longest unused files are deleted until there is room, whatever the quota", async () => {
    const rig = await filled(NAMES, 0, 0.5 * GB);
    const told = await sweep(rig);
    expect(told.slice(1, 4)).toEqual([
      "The disk has room for 500.0 MB; 1.0 GB are to be left free.",
      "0 objects (0 B) of projects that are gone upstream were deleted.",
      "1 object (1.0 GB) that had been unused for the longest time was deleted.",
    ]);
    expect(await kept()).toEqual(["bob", "cid", "dan", "eve"]);
  });

  test("the larger of both is deleted where there is a quota as well", async () => {
    await sweep(await filled(NAMES, 2, 0.5 * GB));
    expect(await kept()).toEqual(["dan", "eve"]);
  });

  test("no file used within two hours is deleted, and what is missing is told", async () => {
    const rig = await filled(["ann"], 0, 0.25 * GB);
    await read(rig, "ann");
    rig.wait(10 * MINUTE);
    await rig.get("/nowhere");
    expect(await sweep(rig)).toContainEqual(expect.stringMatching(/^Room for 750\.0 MB is still missing: /));
    expect(await kept()).toEqual(["ann"]);
  });

  test("a disk with room, and FREE_SPACE = 0, cost no file", async () => {
    await sweep(await filled(["ann"], 0, GB));
    expect(await kept()).toEqual(["ann"]);
    const full = { freeBytes: () => Promise.reject(new Error("is not asked")) };
    const rig = new Rig({ QUOTA: 0, FREE_SPACE: 0 }, full);
    rig.wait(9 * HOUR);
    await sweep(rig);
    expect(await kept()).toEqual(["ann"]);
  });
});

describe("above the quota", () => {
  test("the longest unused files are deleted, no more than necessary", async () => {
    const rig = await filled(NAMES, 3);
    const told = await sweep(rig);
    expect(told[0]).toBe("5 objects (5.0 GB) are stored; the quota is 3.0 GB.");
    expect(told).toContain("2 objects (2.0 GB) that had been unused for the longest time were deleted.");
    expect([await kept(), await projects()]).toEqual([
      ["cid", "dan", "eve"],
      ["cid", "dan", "eve"],
    ]);
  });

  test("of hundreds of files the longest unused are deleted, in whatever order they were stored", async () => {
    const rig = await filled([], 1);
    const rows = Array.from({ length: 2_500 }, (_, n) => ({ key: keyOf(`p${n}.zip`), age: (n * 7_919) % 2_500 }));
    for (const { key } of rows.slice(0, 300)) await env.FILES.put(key, "x");
    const insert = env.DB.prepare(
      `INSERT INTO object (key, source, project, size, used_at, known_at) SELECT value ->> 'key', ?2, '', 1000000, ?3 - value ->> 'age', 0 FROM json_each(?1)`,
    );
    await insert.bind(JSON.stringify(rows), SOURCE, rig.now - 3 * HOUR).run();
    rig.forget();
    await rig.tick("0 * * * *");
    expect(rig.counts["r2.delete"]).toBe(2);
    const left = new Set((await known()).map(({ key }) => key));
    // 2.5 GB were known. What of the rest was never in R2 is found out after that.
    const young = rows.slice(0, 300).filter(({ age }) => age < 1_000);
    expect(left).toEqual(new Set(young.map(({ key }) => key)));
    expect(new Set(await inStore())).toEqual(left);
  });

  test("one that was used again is no longer the longest unused, also where it was used from memory", async () => {
    const rig = await filled(NAMES, 3);
    await read(rig, "ann");
    rig.wait(3 * HOUR);
    expect((await read(rig, "ann")).headers.get("Cache-Status")).toContain("memory");
    rig.wait(5 * MINUTE);
    await rig.get("/nowhere");
    rig.wait(HOUR);
    await sweep(rig);
    expect(await kept()).toEqual(["ann", "dan", "eve"]);
  });

  test("no file used within two hours is deleted; the rest waits for the next run", async () => {
    const rig = await filled(["ann"], 1);
    await store(rig, "bob");
    await store(rig, "cid");
    await resize(GB);
    const told = await sweep(rig);
    expect(told).toContain(
      "1.0 GB above the quota stay for now: they were used recently, or the next run deletes them.",
    );
    expect(await kept()).toEqual(["bob", "cid"]);
    rig.wait(2 * HOUR);
    await resize(GB);
    await sweep(rig);
    expect(await kept()).toEqual(["bob", "cid"]);
    rig.wait(1);
    await resize(GB);
    await sweep(rig);
    expect(await kept()).toEqual(["cid"]);
  });

  test("no file with a new row is deleted: its uses could not be noted yet", async () => {
    const rig = await filled(["ann", "bob"], 1);
    await env.DB.prepare("DELETE FROM object").run();
    const uploaded = Date.parse("2026-11-01T00:00:00Z");
    const found = async () => {
      await sweep(rig);
      await env.DB.prepare("UPDATE object SET size = ?1, used_at = ?2").bind(GB, uploaded).run();
    };
    await found();
    rig.wait(2 * HOUR);
    await found();
    expect(await kept()).toEqual(["ann", "bob"]);
    rig.wait(1);
    await sweep(rig);
    expect(await kept()).toEqual(["bob"]);
  });

  test("a file's metadata is deleted on its own, and a deleted file is fetched and stored again with its row", async () => {
    const rig = await filled(["ann", "bob"], 1);
    await resize(0.6 * GB);
    await rig.get(`${filePath(wheelOf("ann").filename)}.metadata`);
    await sweep(rig);
    expect(await inStore()).toEqual([keyOf(wheelOf("bob").filename), keyOf(wheelOf("ann").filename, "metadata")]);
    rig.restart();
    rig.forget();
    expect((await read(rig, "ann")).body).toEqual(wheelOf("ann").bytes);
    expect(rig.upstream.requests).toEqual([`GET https://files.upstream.test/packages/${wheelOf("ann").filename}`]);
    expect(await known()).toContainEqual(
      expect.objectContaining({ key: keyOf(wheelOf("ann").filename), project: "ann", used_at: rig.now, size: 1_000 }),
    );
  });

  test("a client that is reading a deleted file gets the whole of it", async () => {
    const rig = await filled([], 1);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const wheel = { ...wheelOf("ann"), bytes: new Uint8Array(3_000_000).map((_, at) => bytes[at % 60_000] ?? 0) };
    await rig.upstream.publish("ann", [wheel]);
    await rig.get(filePath(wheel.filename));
    await resize(2 * GB);
    rig.restart();
    const { response, settled } = await rig.open(filePath(wheel.filename));
    const reader = response.body?.getReader();
    const first = await reader?.read();
    rig.wait(3 * HOUR);
    await sweep(rig);
    expect(await inStore()).toEqual([]);
    const rest: Uint8Array[] = [first?.value ?? new Uint8Array()];
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) rest.push(next.value);
    await settled();
    expect(new Uint8Array(await new Blob(rest).arrayBuffer())).toEqual(wheel.bytes);
  });

  test("other objects in the same bucket stay, whatever their age and size", async () => {
    const rig = await filled(["ann"], 1);
    await env.FILES.put("hosted/team/mine-1.0.tar.gz", "mine");
    await env.FILES.put("files/mine-1.0.tar.gz", "mine");
    await env.FILES.put("file/mine-1.0.tar.gz", "no source's");
    await resize(5 * GB);
    rig.wait(100 * DAY);
    await sweep(rig);
    await sweep(rig);
    const others = ["file/mine-1.0.tar.gz", "files/mine-1.0.tar.gz", "hosted/team/mine-1.0.tar.gz"];
    expect([await inStore(), await known()]).toEqual([others, []]);
  });
});

describe("below the quota, or without one", () => {
  test.each([0, 5])("nothing is deleted with a quota of %i GB, and nothing written", async (quota) => {
    const rig = await filled(NAMES, quota);
    await sweep(rig);
    rig.wait(100 * DAY);
    const before = await known();
    rig.forget();
    await rig.tick("0 * * * *");
    expect(rig.counts["r2.delete"]).toBeUndefined();
    expect([await kept(), await known()]).toEqual([NAMES, before]);
  });
});

describe("a sweep that is interrupted", () => {
  test("before R2 has deleted changes nothing", async () => {
    const rig = await filled(NAMES, 3);
    rig.breakOnce("r2.delete");
    await rig.tick("0 * * * *");
    expect([await kept(), await projects()]).toEqual([NAMES, NAMES]);
    await rig.tick("0 * * * *");
    expect(await kept()).toEqual(["cid", "dan", "eve"]);
  });

  test("between R2 and D1 is made up for by the next, which deletes no more than that", async () => {
    const rig = await filled(NAMES, 3);
    const forgetful = new Proxy(env.DB, {
      get: (target, property) => (sql: string) => {
        if (property === "prepare" && sql.startsWith("DELETE FROM object WHERE key IN")) throw new Error("D1 is away");
        return Reflect.apply(Reflect.get(target, property) as () => unknown, target, [sql]);
      },
    });
    const broken = new Rig({ QUOTA: 3 }, { database: forgetful });
    broken.wait(4 * HOUR);
    await broken.tick("0 * * * *");
    expect([await kept(), await projects()]).toEqual([["cid", "dan", "eve"], NAMES]);
    await rig.tick("0 * * * *");
    expect([await kept(), await projects()]).toEqual([
      ["cid", "dan", "eve"],
      ["cid", "dan", "eve"],
    ]);
  });

  test.each(["d1.prepare", "d1.batch", "r2.list"])("by a failing %s is whole after the next", async (operation) => {
    const rig = await filled(NAMES, 3);
    rig.breakOnce(operation);
    await rig.tick("0 * * * *");
    expect(rig.counts[operation]).toBeGreaterThan(0);
    await rig.tick("0 * * * *");
    expect([await kept(), await projects()]).toEqual([
      ["cid", "dan", "eve"],
      ["cid", "dan", "eve"],
    ]);
  });

  test("in the middle of many has deleted the first ones, and keeps the rows of all others", async () => {
    const keys = Array.from({ length: 1_500 }, (_, n) => keyOf(`p${String(n).padStart(4, "0")}.zip`));
    await env.DB.prepare(
      "INSERT INTO object (key, source, project, size, used_at, known_at) SELECT value, ?2, '', ?3, 0, 0 FROM json_each(?1)",
    )
      .bind(JSON.stringify(keys), SOURCE, GB)
      .run();
    let calls = 0;
    const files = new Proxy(env.FILES, {
      get(target, property) {
        if (property === "delete" && ++calls === 2) return () => Promise.reject(new Error("R2 is away"));
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const broken = new Rig({ QUOTA: 1 }, { objects: files });
    await broken.tick("0 * * * *");
    expect((await known()).map(({ key }) => key)).toEqual(keys.slice(1_000));
  });

  test("twice at once ends as once", async () => {
    const rig = await filled(NAMES, 3);
    await Promise.all([sweep(rig), sweep(rig)]);
    expect([await kept(), await projects()]).toEqual([
      ["cid", "dan", "eve"],
      ["cid", "dan", "eve"],
    ]);
  });

  test("does not forget a file that is stored again meanwhile", async () => {
    const rig = await filled(["ann"], 1);
    const [old] = await rig.services.objects.oldest(rig.now, 1);
    if (!old) throw new Error("nothing is stored");
    const before = rig.now - 2 * HOUR;
    await env.FILES.delete(old.key);
    rig.restart();
    await read(rig, "ann");
    await rig.services.objects.remove([old], before);
    expect(await projects()).toEqual(["ann"]);
  });
});

test("deleting never grows anything", async () => {
  const rig = await filled(NAMES, 1);
  await sweep(rig);
  await resize(GB);
  const rowsOf = async () => {
    const tables = (
      await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{ name: string }>()
    ).results
      .map(({ name }) => name)
      // A reading an hour is kept for the dashboard, for 91 days.
      .filter((name) => !/^(?:_cf|sqlite|d1)_|^figures$/.test(name));
    const counts = await Promise.all(
      tables.map((name) => env.DB.prepare(`SELECT count(*) AS n FROM "${name}"`).first<{ n: number }>()),
    );
    return counts.map((row) => row?.n ?? 0);
  };
  const sizes = async () => [...(await rowsOf()), (await inStore()).length, (await env.PAGES.list()).keys.length];
  for (const another of ["fay", "gus"]) {
    await store(rig, another);
    await resize(GB);
    rig.wait(3 * HOUR);
    const before = await sizes();
    await rig.tick("0 * * * *");
    const after = await sizes();
    expect(after.every((size, at) => size <= (before[at] ?? 0))).toBe(true);
    expect(after).not.toEqual(before);
  }
});
