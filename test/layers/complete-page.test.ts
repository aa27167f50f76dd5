import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  bare,
  changed,
  digest,
  files,
  METADATA,
  METADATA_PATH,
  NAME,
  PAGE,
  published,
  rows,
  TEN_MINUTES,
  WHEEL,
} from "../support/bare.ts";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { demoWheel } from "../support/wheel.ts";

describe("a page on which no wheel has metadata", () => {
  test("advertises it for each wheel from the first read on, and for nothing else", async () => {
    const rig = await published({}, bare("demo-1.0.tar.gz", new Uint8Array(9)));
    const [wheel, sdist] = await files(rig);
    expect(wheel).toMatchObject({ "core-metadata": true, _backfilled: ["core-metadata"] });
    expect(Object.keys(sdist ?? {})).not.toContain("core-metadata");
    expect((await rig.get("/simple/demo/")).text()).toContain('data-core-metadata="true"');
  });

  test("has its digest once it is known and the page is made anew, and is not rewritten for it", async () => {
    const rig = await published();
    await files(rig);
    await rig.get(METADATA_PATH);
    rig.forget();
    rig.wait(TEN_MINUTES);
    expect((await files(rig))[0]?.["core-metadata"]).toBe(true);
    expect(rig.counts["kv.put"]).toBeUndefined();
    const [wheel] = await changed(rig);
    expect(wheel?.["core-metadata"]).toEqual({ sha256: await digest(METADATA) });
  });

  test("is the same page for the same upstream bytes and facts, and is not written again", async () => {
    const rig = await published();
    await rig.page("demo");
    await rig.get(METADATA_PATH);
    await rig.get(filePath(NAME));
    await changed(rig);
    const text = (await rig.page("demo")).text();
    rig.upstream.on(PAGE, changedEtag(rig, await upstreamPage(rig)));
    rig.wait(TEN_MINUTES);
    rig.forget();
    expect((await rig.page("demo")).text()).toBe(text);
    expect(rig.upstream.requests).toEqual([`GET ${PAGE}`]);
    // The facts, and the counts that were gathered in the ten minutes: of events, and of what was asked for.
    expect(rig.counts).toMatchObject({ "d1.prepare": 3 });
    expect(rig.counts["kv.put"]).toBeUndefined();
  });

  test("is left as it is where one wheel has some", async () => {
    const other = await demoWheel(10);
    const rig = await published({}, { filename: "demo-2.0-py3-none-any.whl", bytes: other, metadata: METADATA });
    const [wheel] = await files(rig);
    expect(wheel?.["core-metadata"]).toBeUndefined();
    expect((await rig.get(METADATA_PATH)).status).toBe(404);
  });
});

describe("what a page lacks", () => {
  test("is filled in once the file was stored, by its size and the upstream's date of it", async () => {
    const rig = await published();
    const [before] = await files(rig);
    expect([before?.["size"], before?.["upload-time"]]).toEqual([undefined, undefined]);
    await rig.get(filePath(NAME));
    const [after] = await changed(rig);
    expect(after).toMatchObject({
      size: WHEEL.byteLength,
      "upload-time": "2026-07-01T10:00:00.000Z",
      _backfilled: ["core-metadata", "size", "upload-time"],
    });
  });

  test("is not made up from the time of the request where the upstream gives no date", async () => {
    const rig = await published({ lastModified: undefined });
    await rig.get(filePath(NAME));
    const [after] = await changed(rig, { lastModified: undefined });
    expect([after?.["size"], after?.["upload-time"]]).toEqual([WHEEL.byteLength, undefined]);
  });

  test("is the upstream's as soon as the upstream has it", async () => {
    const rig = await published();
    await rig.get(filePath(NAME));
    await changed(rig);
    const [file] = await changed(rig, {
      entry: { size: WHEEL.byteLength, "upload-time": "2020-01-01T00:00:00Z", "core-metadata": true },
    });
    expect(file).toMatchObject({ "upload-time": "2020-01-01T00:00:00Z", "core-metadata": true });
    expect(file?.["_backfilled"]).toBeUndefined();
  });

  test("is, of the date, when a file first came; nothing is claimed on the first sight of a page", async () => {
    const rig = await published();
    expect((await files(rig))[0]?.["upload-time"]).toBeUndefined();
    const [old, young] = await changed(rig);
    const seen = new Date(rig.now).toISOString();
    expect([old?.["upload-time"], young?.["upload-time"]]).toEqual([undefined, seen]);
    rig.restart();
    await rig.upstream.publish("demo", [
      bare("demo-1.1.tar.gz", new Uint8Array(9)),
      bare("demo-1.2.tar.gz", new Uint8Array(9)),
    ]);
    rig.wait(TEN_MINUTES);
    expect((await files(rig)).map((file) => file["upload-time"])).toEqual([seen, new Date(rig.now).toISOString()]);
  });

  test("is, of the date, no other where files have only moved to another host", async () => {
    const rig = new Rig();
    const page = (host: string, ...names: string[]) =>
      rig.upstream.on(PAGE, () => {
        const links = names.map((name) => `<a href="https://${host}/${name}">${name}</a>`);
        return new Response(links.join(""), { headers: { "Content-Type": "text/html" } });
      });
    const dates = async () => (await files(rig)).map((file) => file["upload-time"]);
    page("a.test", "demo-1.0.tar.gz");
    await files(rig);
    rig.wait(TEN_MINUTES);
    page("a.test", "demo-1.0.tar.gz", "demo-1.1.tar.gz");
    const seen = await dates();
    expect(seen).toEqual([undefined, new Date(rig.now).toISOString()]);
    rig.wait(TEN_MINUTES);
    page("b.test", "demo-1.0.tar.gz", "demo-1.1.tar.gz");
    expect(await dates()).toEqual(seen);
  });

  test("does not keep a page from being served while D1 is away, and stays unchanged", async () => {
    let away = false;
    const db = new Proxy(env.DB, {
      get: (target, property) => {
        if (away) throw new Error("D1 is away");
        return (Reflect.get(target, property) as (...args: unknown[]) => unknown).bind(target);
      },
    });
    const rig = new Rig({}, { database: db });
    await rig.upstream.publish("demo", [bare(NAME, WHEEL)]);
    await rig.get(filePath(NAME));
    await changed(rig);
    away = true;
    await rig.upstream.publish("demo", [bare(NAME, WHEEL)]);
    rig.wait(TEN_MINUTES);
    expect((await files(rig))[0]).toMatchObject({ size: WHEEL.byteLength, "core-metadata": true });
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });
});

describe("what it costs", () => {
  const GZIP = { Accept: JSON_TYPE, "Accept-Encoding": "gzip" };

  test("a new page costs one D1 read, and a warm one none", async () => {
    const rig = await published();
    await rig.get("/simple/demo/", GZIP);
    // One of them is the catalog's write.
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1, "kv.put": 1, "d1.prepare": 2 });
    rig.restart();
    rig.forget();
    await rig.get("/simple/demo/", GZIP);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1 });
  });

  test("nothing where the upstream's page is complete, as PyPI's is", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [{ filename: NAME, bytes: WHEEL, metadata: METADATA }]);
    const [file] = await files(rig);
    expect(file?.["_backfilled"]).toBeUndefined();
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1, "kv.put": 1, "d1.prepare": 1 });
    rig.forget();
    await rig.get(METADATA_PATH);
    await rig.get(filePath(NAME));
    // Each is noted as stored.
    expect(rig.counts).toEqual({ "r2.put": 2, "d1.prepare": 2 });
    expect(await rows()).toEqual([]);
  });

  test("metadata read from upstream: one read of the store more than one that is passed on", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.forget();
    await rig.get(METADATA_PATH);
    // What was found out, and what was stored.
    expect(rig.counts).toEqual({ "r2.get": 1, "r2.put": 1, "d1.prepare": 2 });
    rig.forget();
    await rig.get(METADATA_PATH);
    // The other looks for the wheel, which could say better.
    expect(rig.counts).toEqual({ "r2.get": 2 });
  });
});

async function upstreamPage(rig: Rig): Promise<string> {
  return (await rig.upstream.get(PAGE)).text();
}

/** The same page under a new validator each time. */
const changedEtag = (rig: Rig, body: string) => () =>
  new Response(body, { headers: { "Content-Type": JSON_TYPE, ETag: `"${rig.now}"` } });
