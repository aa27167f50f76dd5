import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  bare,
  files,
  METADATA,
  METADATA_PATH,
  NAME,
  PAGE,
  published,
  rows,
  URL_OF_WHEEL,
  WHEEL,
} from "../support/bare.ts";
import { READER } from "../support/hosted.ts";
import { filePath, Rig } from "../support/rig.ts";
import { fileResponse, type FakeFile } from "../support/upstream.ts";
import { zipped } from "../support/wheel.ts";

const WRONG = METADATA.replace("six", "seven");
const SHORT = "public, max-age=60, no-transform";
const LONG = "public, max-age=31536000, immutable, no-transform";

/** An index whose upstream has another `.metadata` beside the wheel than in it, and does not advertise it. */
const misled = () => published({ metadata: WRONG, entry: { "core-metadata": undefined } });

/** What `.metadata` is, and for how long. */
async function metadata(rig: Rig) {
  const { headers, text } = await rig.get(METADATA_PATH);
  return [text(), headers.get("Cache-Control")];
}

describe("metadata that no stored wheel has confirmed", () => {
  test.each([
    ["a sibling", () => misled(), WRONG],
    ["ranges", () => published(), METADATA],
  ])("from %s is served for a minute at a time, and not stored in memory", async (_where, open, text) => {
    const rig = await open();
    expect(await metadata(rig)).toEqual([text, SHORT]);
    rig.forget();
    expect([await metadata(rig), await metadata(rig)]).toEqual([
      [text, SHORT],
      [text, SHORT],
    ]);
    // Each time the metadata, and whether there is the wheel.
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "r2.get": 4 }, []]);
  });

  test("is served for good once the wheel is stored and says the same, and is written once more for it", async () => {
    const rig = await published();
    await metadata(rig);
    await rig.get(filePath(NAME));
    rig.forget();
    for (const _ of [1, 2, 3]) expect(await metadata(rig)).toEqual([METADATA, LONG]);
    expect(rig.counts["r2.put"]).toBe(1);
    rig.restart();
    rig.forget();
    expect([await metadata(rig), rig.counts]).toEqual([[METADATA, LONG], { "r2.get": 1 }]);
  });

  test("and is wrong is right everywhere once one isolate has stored the wheel", async () => {
    const one = await misled();
    const other = new Rig({}, { fetch: one.upstream.fetch });
    for (const rig of [one, other, other]) expect(await metadata(rig)).toEqual([WRONG, SHORT]);
    await one.get(filePath(NAME));
    for (const rig of [other, one]) expect(await metadata(rig)).toEqual([METADATA, LONG]);
  });

  test("and is wrong is right at the next request where it could not be replaced at once", async () => {
    const rig = await misled();
    await metadata(rig);
    const { response, settled } = await rig.open(filePath(NAME));
    rig.breakOnce("r2.put");
    await response.arrayBuffer();
    await settled();
    expect(await metadata(rig)).toEqual([METADATA, LONG]);
  });

  test("is served while the upstream is away", async () => {
    const rig = await published();
    await metadata(rig);
    rig.upstream.down = true;
    expect(await metadata(rig)).toEqual([METADATA, SHORT]);
  });

  test("has its full lifetime where the upstream's page has its digest", async () => {
    const rig = await published({ metadata: METADATA });
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response("no", { status: 404 }));
    expect(await metadata(rig)).toEqual([METADATA, LONG]);
  });
});

describe("metadata that the upstream advertises and refuses", () => {
  async function refusing(file: Partial<FakeFile> = {}) {
    const rig = await published({ entry: { "core-metadata": true }, ...file });
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response("no", { status: 403 }));
    return rig;
  }

  test("is read from the wheel, and its sibling asked for once", async () => {
    const rig = await refusing();
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests.filter((line) => line.endsWith(".metadata"))).toHaveLength(1);
  });

  test.each([
    ["cannot be read", 200],
    ["is not there", 404],
    ["is refused as well", 403],
  ])("is 403 with the reason where the wheel %s", async (_what, status) => {
    const rig = await refusing();
    rig.upstream.on(URL_OF_WHEEL, () => new Response("no", { status }));
    const answer = await rig.get(METADATA_PATH);
    expect([answer.status, answer.text()]).toEqual([403, expect.stringContaining("answered 403")]);
  });
});

describe("an upstream that gives wrong bytes for a part of a wheel", () => {
  const garbled = (rig: Rig) =>
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      const isPart = request.headers.has("Range");
      return fileResponse(request, isPart ? new Uint8Array(WHEEL.byteLength) : WHEEL, { ranges: true });
    });

  test("is asked for the whole wheel, which decides", async () => {
    const rig = await published();
    garbled(rig);
    expect(await metadata(rig)).toEqual([METADATA, LONG]);
    expect(await rows()).toMatchObject([{ unreadable: 0 }]);
  });

  test("is not read further than the part that was asked for", async () => {
    const rig = await published();
    let sent = 0;
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      const range = request.headers.get("Range")?.replace("=", " ");
      if (range === undefined) return fileResponse(request, WHEEL);
      const endless = new ReadableStream({
        pull(controller) {
          if (sent >= 100) controller.close();
          else controller.enqueue(new Uint8Array(1024 * 1024));
          sent += 1;
        },
      });
      return new Response(endless, { status: 206, headers: { "Content-Range": `${range}/${WHEEL.byteLength}` } });
    });
    expect(await metadata(rig)).toEqual([METADATA, LONG]);
    expect(sent).toBeLessThan(10);
  });

  test("has nothing withdrawn by it where the whole is wrong too", async () => {
    const rig = await published();
    rig.upstream.on(URL_OF_WHEEL, (request) =>
      fileResponse(request, new Uint8Array(WHEEL.byteLength), { ranges: true }),
    );
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect([await rows(), (await files(rig))[0]?.["core-metadata"]]).toEqual([[], true]);
    rig.upstream.on(URL_OF_WHEEL, (request) => fileResponse(request, WHEEL, { ranges: true }));
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("has a large wheel stored by the queue: 503 until then", async () => {
    const rig = new Rig({}, {}, { finishAlone: 100_000, maxPut: 100_000_000 });
    await rig.upstream.publish("demo", [bare(NAME, WHEEL)]);
    garbled(rig);
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect([rig.queue.messages.length, await rows()]).toEqual([1, []]);
    await rig.deliver();
    expect(await metadata(rig)).toEqual([METADATA, LONG]);
  });
});

describe("a wheel whose metadata was withdrawn", () => {
  const broken = () => zipped({ "demo/code.py": 100_000 });

  test("has it advertised again once another wheel was stored in its place", async () => {
    const said = { hashes: {}, size: undefined, "upload-time": "2026-01-02T03:04:05Z" };
    const rig = await published({ bytes: await broken(), entry: said });
    await rig.get(METADATA_PATH);
    expect((await files(rig))[0]?.["core-metadata"]).toBeUndefined();
    await env.FILES.delete((await env.FILES.list()).objects.map(({ key }) => key));
    rig.restart();
    await rig.upstream.publish("demo", [
      bare(NAME, WHEEL, { entry: said }),
      bare("demo-1.1.tar.gz", new Uint8Array(9)),
    ]);
    await rig.get(filePath(NAME));
    expect(await rows()).toMatchObject([{ unreadable: 0 }]);
    rig.wait(601_000);
    expect((await files(rig))[0]?.["core-metadata"]).toBeTypeOf("object");
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("is not advertised by a page that is made while the facts cannot be read", async () => {
    const bytes = await broken();
    const rig = await published({ bytes });
    await rig.get(METADATA_PATH);
    expect((await files(rig))[0]?.["core-metadata"]).toBeUndefined();
    await rig.upstream.publish("demo", [bare(NAME, bytes), bare("demo-1.1-py3-none-any.whl", WHEEL)]);
    rig.wait(601_000);
    rig.breakOnce("d1.prepare");
    expect((await files(rig)).map((file) => file["core-metadata"])).toEqual([undefined, true]);
  });

  test("is stored all the same where its page cannot be made again, and that is reported as what it is", async () => {
    const rig = new Rig({}, {}, { finishAlone: 1_000, maxPut: 100_000_000 });
    const bytes = await broken();
    // A page that no isolate keeps in memory.
    const others = Array.from({ length: 3_000 }, (_, n) => {
      const sha256 = crypto.getRandomValues(new Uint8Array(32)).toHex();
      return bare(`demo-2.${n}.tar.gz`, new Uint8Array(1), { entry: { hashes: { sha256 } } });
    });
    const wheel = bare(NAME, bytes, { metadata: METADATA, entry: { "core-metadata": undefined } });
    await rig.upstream.publish("demo", [wheel, ...others]);
    await rig.get(METADATA_PATH);
    await rig.get(filePath(NAME));
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      rig.breakOnce("kv.getWithMetadata");
      rig.upstream.on(PAGE, () => new Response("no", { status: 403 }));
      return fileResponse(request, bytes);
    });
    expect(await rig.deliver()).toEqual({ done: 1, delays: [] });
    expect(await rows()).toMatchObject([{ unreadable: 1 }]);
    expect((await rig.get("/-/metrics", READER)).text()).toContain('events_total{event="upstream-failed"} 1');
  });
});
