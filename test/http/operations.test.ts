import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";

const WHEEL = { filename: "demo-1.0-py3-none-any.whl", bytes: crypto.getRandomValues(new Uint8Array(60_000)) };
const LARGE = { filename: "large-1.0-py3-none-any.whl", bytes: new Uint8Array(3_000_000).fill(7) };
const GZIP = { Accept: JSON_TYPE, "Accept-Encoding": "gzip" };

/** Every five minutes an isolate adds what it has counted to the sums in D1, in one statement; and projects in another. */
const COUNTS_WRITTEN = { "d1.prepare": 2, "d1.batch": 1 };

/** A page too large for the memory tier: 3,000 files with digests that do not compress. */
async function publishLargePage(rig: Rig) {
  const entries = Array.from({ length: 3_000 }, (_, n) => ({
    filename: `many-${n}.tar.gz`,
    url: `https://files.upstream.test/packages/many-${n}.tar.gz`,
    hashes: { sha256: crypto.getRandomValues(new Uint8Array(32)).toHex() },
  }));
  await rig.upstream.publish("many", [], { files: entries });
}

describe("what a request costs, in operations of bindings", () => {
  test("a warm small page in a fresh isolate costs one KV read and nothing else", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.get("/simple/demo/", GZIP);
    rig.restart();
    rig.forget();
    expect((await rig.get("/simple/demo/", GZIP)).status).toBe(200);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1 });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("the same page again within seconds costs nothing at all", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.get("/simple/demo/", GZIP);
    rig.forget();
    expect((await rig.get("/simple/demo/", GZIP)).headers.get("Cache-Status")).toContain("memory");
    expect(rig.counts).toEqual({});
  });

  test("a warm large page is streamed from one KV read each time", async () => {
    const rig = new Rig();
    await publishLargePage(rig);
    await rig.get("/simple/many/", GZIP);
    rig.forget();
    const answers = [await rig.get("/simple/many/", GZIP), await rig.get("/simple/many/", GZIP)];
    expect(answers.map((answer) => answer.headers.get("Cache-Status"))).toEqual(
      Array(2).fill("pypi-edge; hit; detail=kv"),
    );
    expect(answers[0]?.body.byteLength).toBeGreaterThan(64 * 1024);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 2 });
  });

  test("a cold file whose page is stored costs one upstream request, one R2 read, one R2 put, and a row", async () => {
    const rig = new Rig();
    await rig.upstream.publish("large", [{ ...LARGE, metadata: "Name: large\n" }]);
    await rig.page("large");
    rig.restart();
    rig.forget();
    expect((await rig.get(filePath(LARGE.filename))).status).toBe(200);
    expect(rig.upstream.requests).toEqual([`GET https://files.upstream.test/packages/${LARGE.filename}`]);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1, "r2.get": 1, "r2.put": 1, "d1.prepare": 1 });
  });

  test("a page, its metadata and its file, all cold: the store is not asked for what cannot be there", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [{ ...WHEEL, metadata: "Name: demo\n" }]);
    const costs = [];
    for (const path of ["/simple/demo/", `${filePath(WHEEL.filename)}.metadata`, filePath(WHEEL.filename)]) {
      rig.forget();
      expect((await rig.get(path, GZIP)).status).toBe(200);
      costs.push({ ...rig.counts, upstream: rig.upstream.requests.length });
    }
    const file = { "r2.put": 1, "d1.prepare": 1, upstream: 1 };
    expect(costs).toEqual([{ "kv.getWithMetadata": 1, "kv.put": 1, "d1.prepare": 1, upstream: 1 }, file, file]);
  });

  test("a file that cannot be fetched is looked for in the store, though its page was lost there", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.get(filePath(WHEEL.filename));
    const { keys } = await env.PAGES.list();
    for (const { name } of keys) await env.PAGES.delete(name);
    rig.restart();
    await rig.page("demo");
    rig.upstream.down = true;
    const answer = await rig.get(filePath(WHEEL.filename));
    expect([answer.status, answer.headers.get("Cache-Status")]).toEqual([200, "pypi-edge; hit; detail=r2"]);
  });

  test("many files that are stored within a moment cost one row statement together", async () => {
    const rig = new Rig({}, { sleep: (milliseconds) => scheduler.wait(milliseconds) });
    const names = Array.from({ length: 5 }, (_, n) => `demo${n}`);
    for (const name of names)
      await rig.upstream.publish(name, [
        { ...WHEEL, filename: `${name}-1.0-py3-none-any.whl`, metadata: "Name: demo\n" },
      ]);
    for (const name of names) await rig.page(name);
    rig.forget();
    await Promise.all(names.map((name) => rig.get(filePath(`${name}-1.0-py3-none-any.whl`))));
    expect(rig.counts).toEqual({ "r2.put": 5, "d1.prepare": 1 });
  });

  test("a warm large file costs one R2 read each time, a small one only the first time", async () => {
    const rig = new Rig();
    await rig.upstream.publish("large", [LARGE]);
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.get(filePath(LARGE.filename));
    await rig.get(filePath(WHEEL.filename));
    rig.restart();
    rig.forget();
    for (const file of [LARGE, LARGE, WHEEL, WHEEL]) {
      const answer = await rig.get(filePath(file.filename));
      expect(answer.body).toEqual(file.bytes);
    }
    expect(rig.counts).toEqual({ "r2.get": 3 });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("a page that the upstream says is unchanged is not written again", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.page("demo");
    rig.wait(601_000);
    rig.forget();
    await rig.page("demo");
    expect(rig.upstream.requests).toEqual(["GET https://upstream.test/simple/demo/"]);
    const costs = { "kv.getWithMetadata": 1, "cache.match": 1, "cache.put": 1 };
    expect(rig.counts).toEqual({ ...costs, ...COUNTS_WRITTEN });
    rig.wait(601_000);
    rig.restart();
    rig.forget();
    await rig.page("demo");
    expect(rig.counts).toEqual(costs);
  });

  test("a page that comes back whole but with the same content is not written again", async () => {
    const rig = new Rig();
    let etag = 0;
    rig.upstream.on("https://upstream.test/simple/demo/", () =>
      Response.json({ meta: {}, name: "demo", files: [] }, { headers: { ETag: `"${etag++}"` } }),
    );
    await rig.page("demo");
    rig.wait(601_000);
    rig.forget();
    await rig.page("demo");
    const costs = { "kv.getWithMetadata": 1, "cache.match": 1, "cache.put": 1 };
    expect(rig.counts).toEqual({ ...costs, ...COUNTS_WRITTEN });
  });

  test("a thousand unknown names write nothing anywhere", async () => {
    const rig = new Rig();
    for (let n = 0; n < 1_000; n++) await rig.page(`unknown-${n}`);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1_000 });
  });

  test("a name just found absent costs nothing for a minute, and is asked for again after it", async () => {
    const rig = new Rig();
    await rig.page("soon");
    rig.forget();
    expect((await rig.page("soon")).status).toBe(404);
    expect(rig.counts).toEqual({});
    await rig.upstream.publish("soon", [WHEEL]);
    rig.wait(60_000);
    expect((await rig.page("soon")).status).toBe(200);
  });

  test("the counters cost one D1 statement in five minutes of requests, and none without requests", async () => {
    const rig = new Rig({ POPULAR: 0 });
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.page("demo");
    rig.forget();
    for (let seconds = 0; seconds < 600; seconds += 20) {
      rig.wait(20_000);
      await rig.get("/nowhere");
    }
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    rig.forget();
    rig.wait(3_600_000);
    for (let n = 0; n < 3; n++) await rig.get("/-/health");
    // When crons ran, which /-/health reads once in half a minute.
    expect(rig.counts).toEqual({ "d1.prepare": 1 });
  });

  test("an isolate that did not check a page itself believes the data centre's marker", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.page("demo");
    rig.wait(601_000);
    await rig.page("demo");
    rig.restart();
    rig.forget();
    expect((await rig.page("demo")).status).toBe(200);
    expect(rig.upstream.requests).toEqual([]);
  });
});

describe("HTML", () => {
  test("is made once a change: from then on it is streamed from KV, from memory where it is small", async () => {
    const rig = new Rig();
    await publishLargePage(rig);
    await rig.page("many");
    const first = await rig.get("/simple/many/");
    rig.forget();
    const second = await rig.get("/simple/many/");
    expect(second.body).toEqual(first.body);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 2 });
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.page("demo");
    await rig.get("/simple/demo/");
    rig.forget();
    expect((await rig.get("/simple/demo/")).text()).toContain(WHEEL.filename);
    expect(rig.counts).toEqual({});
  });

  test("of a small page is read from KV once, by an isolate that did not make it", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    const made = await rig.get("/simple/demo/");
    rig.restart();
    rig.forget();
    for (let n = 0; n < 2; n++) expect((await rig.get("/simple/demo/")).body).toEqual(made.body);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 2 });
  });

  test("of a small page is not read again while its page in KV stays the same", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    const made = await rig.get("/simple/demo/");
    rig.wait(6_000);
    rig.forget();
    expect((await rig.get("/simple/demo/")).body).toEqual(made.body);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1 });
  });

  test("of a page that has changed is not the old one", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    await rig.page("demo");
    await rig.get("/simple/demo/");
    await rig.upstream.publish("demo", [LARGE]);
    rig.wait(601_000);
    rig.restart();
    for (let n = 0; n < 2; n++) {
      const text = (await rig.get("/simple/demo/")).text();
      expect(text).toContain(LARGE.filename);
      expect(text).not.toContain(WHEEL.filename);
      rig.restart();
    }
  });
});
