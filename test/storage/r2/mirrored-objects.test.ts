import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { DATABASE_AWAY } from "../../support/away.ts";
import { filePath, Rig } from "../../support/rig.ts";
import { mirroredObjectsIn } from "../../../worker/storage/r2/mirrored-objects.ts";
import { HOUR, inStore, keyOf, known, MINUTE, read, SOURCE, store, usedAt, wheelOf } from "../../support/swept.ts";

/** One more answer, behind which the isolate may write what it has gathered. */
const answerMore = (rig: Rig) => rig.get("/nowhere");

describe("a stored file", () => {
  test("is known with its project, its size and when it was stored", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo", 700);
    expect(await known()).toEqual([
      { key, source: SOURCE, project: "demo", size: 700, used_at: rig.now, known_at: rig.now, mirrored: 0 },
    ]);
  });

  test("counts with its metadata, and another size of it takes the place of the first", async () => {
    const rig = new Rig();
    await store(rig, "demo", 700);
    await rig.get(`${filePath(wheelOf("demo").filename)}.metadata`);
    const objects = mirroredObjectsIn(env.DB, env.FILES);
    expect(await objects.total()).toEqual({ objects: 2, bytes: 700 + "Name: demo\n".length });
    await env.FILES.delete(keyOf(wheelOf("demo").filename));
    rig.restart();
    rig.wait(HOUR);
    await store(rig, "demo", 300);
    expect(await objects.total()).toEqual({ objects: 2, bytes: 300 + "Name: demo\n".length });
  });

  test("has the transferred size where it was unknown before", async () => {
    const rig = new Rig();
    const wheel = wheelOf("demo", 5_000);
    await rig.upstream.publish("demo", [{ ...wheel, entry: { size: undefined } }]);
    rig.upstream.on(
      `https://files.upstream.test/packages/${wheel.filename}`,
      () => new Response(new Response(wheel.bytes).body?.pipeThrough(new IdentityTransformStream())),
    );
    await rig.get(filePath(wheel.filename));
    expect((await known()).map(({ size }) => size)).toEqual([5_000]);
  });

  test("that was refused is not known", async () => {
    const rig = new Rig();
    const wheel = wheelOf("demo");
    await rig.upstream.publish("demo", [wheel]);
    rig.upstream.on(
      `https://files.upstream.test/packages/${wheel.filename}`,
      () => new Response(new Uint8Array(1_000)),
    );
    const { response, settled } = await rig.open(filePath(wheel.filename));
    await expect(response.arrayBuffer()).rejects.toThrow("broken off");
    await settled();
    expect([await known(), await inStore()]).toEqual([[], []]);
  });

  test("is known where the queue or a search for its metadata has stored it", async () => {
    const rig = new Rig({}, {}, { finishAlone: 500, maxPut: 100_000_000 });
    await store(rig, "large");
    expect(await known()).toEqual([]);
    await rig.deliver();
    await rig.upstream.publish("bare", [wheelOf("bare", 400)]);
    await rig.get(`${filePath(wheelOf("bare").filename)}.metadata`);
    expect((await known()).map(({ project }) => project)).toEqual(["bare", "large"]);
  });

  test("is answered whole where D1 is away, stored or not", async () => {
    const rig = new Rig({}, { database: DATABASE_AWAY });
    await store(rig, "demo");
    for (let n = 0; n < 3; n++) {
      rig.wait(HOUR);
      expect((await read(rig, "demo")).body).toEqual(wheelOf("demo").bytes);
    }
    expect(await inStore()).toHaveLength(1);
  });
});

describe("a use of a stored file", () => {
  test("costs no operation, and is written with all others in one statement every five minutes", async () => {
    const rig = new Rig({ POPULAR: 0 });
    await store(rig, "other");
    const keys = [await store(rig, "one"), await store(rig, "two"), await store(rig, "three", 100_000)];
    rig.wait(2 * HOUR);
    await read(rig, "other");
    rig.forget();
    for (const project of ["one", "two", "one", "three"]) await read(rig, project);
    // From R2 the first time, and the large one always: as it was before uses were noted.
    expect(rig.counts).toEqual({ "r2.get": 3 });
    expect(await Promise.all(keys.map(usedAt))).not.toContain(rig.now);
    const used = rig.now;
    rig.wait(5 * MINUTE);
    rig.forget();
    await answerMore(rig);
    // The counters and the uses.
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    expect(await Promise.all(keys.map(usedAt))).toEqual([used, used, used]);
  });

  test("from the isolate's memory counts as well", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo");
    await read(rig, "demo");
    rig.wait(3 * HOUR);
    expect((await read(rig, "demo")).headers.get("Cache-Status")).toContain("memory");
    const used = rig.now;
    rig.wait(5 * MINUTE);
    await answerMore(rig);
    expect(await usedAt(key)).toBe(used);
  });

  test("of a part or by HEAD counts as well, one of a file that is not stored does not", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo");
    rig.restart();
    rig.wait(3 * HOUR);
    await rig.get(filePath(wheelOf("demo").filename), { Range: "bytes=0-9" });
    const used = rig.now;
    rig.wait(5 * MINUTE);
    await answerMore(rig);
    expect(await usedAt(key)).toBe(used);
    rig.restart();
    rig.wait(3 * HOUR);
    await rig.get(filePath(wheelOf("demo").filename), {}, "HEAD");
    await rig.get(filePath(wheelOf("other").filename));
    rig.wait(5 * MINUTE);
    await answerMore(rig);
    expect(await known()).toMatchObject([{ key, used_at: rig.now - 5 * MINUTE }]);
  });

  test("is written once an hour, however often the file is used", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo");
    const stored = rig.now;
    const written: (number | undefined)[] = [];
    for (let minutes = 5; minutes <= 125; minutes += 5) {
      rig.wait(5 * MINUTE);
      await read(rig, "demo");
      written.push(await usedAt(key));
    }
    expect([...new Set(written)]).toEqual([stored, stored + HOUR, stored + 2 * HOUR]);
  });

  test("is never older than an hour and five minutes in D1 while its isolate answers", async () => {
    const rig = new Rig();
    await store(rig, "other");
    rig.wait(MINUTE);
    const key = await store(rig, "demo");
    let lag = 0;
    for (let minutes = 0; minutes < 150; minutes++) {
      rig.wait(MINUTE);
      // Its use is written first, and that of the other is gathered from then on.
      await read(rig, "other");
      await read(rig, "demo");
      lag = Math.max(lag, rig.now - ((await usedAt(key)) ?? 0));
    }
    expect(lag).toBeGreaterThan(HOUR);
    expect(lag).toBeLessThanOrEqual(HOUR + 5 * MINUTE);
  });

  test("that comes late from another isolate does not make a later one undone", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo");
    const late = new Rig();
    late.wait(2 * HOUR);
    await read(late, "demo");
    rig.wait(4 * HOUR);
    await read(rig, "demo");
    rig.wait(5 * MINUTE);
    await answerMore(rig);
    late.wait(5 * HOUR);
    await answerMore(late);
    expect(await usedAt(key)).toBe(rig.now - 5 * MINUTE);
  });

  test("that could not be written is written the next time", async () => {
    const rig = new Rig();
    const key = await store(rig, "demo");
    rig.wait(2 * HOUR);
    await answerMore(rig);
    await read(rig, "demo");
    const used = rig.now;
    rig.wait(5 * MINUTE);
    rig.breakOnce("d1.prepare");
    await answerMore(rig);
    rig.breakOnce("d1.prepare");
    await answerMore(rig);
    rig.wait(5 * MINUTE);
    await answerMore(rig);
    expect(await usedAt(key)).toBe(used);
  });

  test("of a file that was deleted meanwhile brings no row back", async () => {
    const rig = new Rig({ POPULAR: 0 });
    await store(rig, "other");
    const key = await store(rig, "demo");
    await read(rig, "demo");
    rig.wait(2 * HOUR);
    await read(rig, "other");
    await read(rig, "demo");
    await mirroredObjectsIn(env.DB, env.FILES).remove([{ key, size: 0, usedAt: 0 }], rig.now);
    rig.wait(40_000);
    rig.forget();
    expect((await read(rig, "demo")).body).toEqual(wheelOf("demo").bytes);
    expect(rig.counts).toEqual({});
    rig.wait(5 * MINUTE);
    await rig.get("/nowhere");
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    expect((await known()).map(({ project }) => project)).toEqual(["other"]);
  });
});

describe("what is known of stored files", () => {
  test("can be nothing but mirrored files and their metadata, and nothing else is deleted", async () => {
    await env.FILES.put("hosted/demo-1.0.tar.gz", "mine");
    const row = env.DB.prepare(
      "INSERT INTO object (key, source, project, size, used_at, known_at) VALUES ('hosted/demo-1.0.tar.gz', 's', 'demo', 4, 0, 0)",
    );
    await expect(row.run()).rejects.toThrow("CHECK constraint failed");
    const objects = mirroredObjectsIn(env.DB, env.FILES);
    await expect(objects.remove([{ key: "hosted/demo-1.0.tar.gz", size: 4, usedAt: 0 }], Infinity)).rejects.toThrow(
      "no mirrored file",
    );
    expect(await inStore()).toEqual(["hosted/demo-1.0.tar.gz"]);
  });

  test("is looked up by index: neither uses nor the longest unused read the table whole", async () => {
    const plan = async (sql: string, ...values: unknown[]) =>
      (
        await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .bind(...values)
          .all<{ detail: string }>()
      ).results
        .map(({ detail }) => detail)
        .join("\n");
    const { NOTE_USES } = await import("../../../worker/storage/d1/file-uses.ts");
    const { SELECT_OLDEST } = await import("../../../worker/storage/r2/mirrored-objects.ts");
    expect(await plan(NOTE_USES, "[]")).toMatch(
      /SEARCH object USING (?:INDEX sqlite_autoindex_object_1|PRIMARY KEY) \(key=\?\)/,
    );
    expect(await plan(SELECT_OLDEST, 1, 1)).toMatch(/SEARCH object USING INDEX object_used \(used_at<\?\)/);
  });
});
