import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { pipe } from "../../worker/cloudflare/platform.ts";
import type { ResponseCache } from "../../worker/platform/platform.ts";
import { storeCopiesIn } from "../../worker/storage/cache/store-copies.ts";
import { sharedKeys } from "../../worker/storage/keys.ts";
import { host, READER, TEAM } from "../support/hosted.ts";
import { filePath, JSON_TYPE, onCloudflare, Rig } from "../support/rig.ts";
import { give, bearer } from "../support/tokens.ts";
import { sha256 } from "../support/upstream.ts";

const SECOND = 1_000;
const LARGE = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array(300_000).map((_, at) => (at * 7) % 253) };
const SMALL = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(900).fill(1), metadata: "Name: demo\n" };
const PAGE = "/team/simple/demo/";
const path = (file: { filename: string }) => `/team${filePath(file.filename)}`;

/** The addresses of what was put into the data centre's cache, of the kind that this is about. */
const puts: string[] = [];
let rig: Rig;

beforeEach(async () => {
  puts.length = 0;
  rig = new Rig(TEAM, { ...onCloudflare(), cache: listening(caches.default) });
  await rig.upstream.publish("demo", [LARGE, SMALL]);
});

const listening = (cache: ResponseCache): ResponseCache => ({
  match: (request) => cache.match(request),
  delete: (request) => cache.delete(request),
  put(request, response) {
    const { url } = new Request(request);
    if (url.startsWith("https://copy.invalid/")) puts.push(decodeURIComponent(url));
    return cache.put(request, response);
  },
});

/** What a request costs an isolate that has just begun, without what it asks the cache. */
async function inNewIsolate(what: string, headers: Record<string, string> = {}) {
  rig.restart();
  rig.forget();
  const answer = await rig.get(what, { ...READER, Accept: JSON_TYPE, ...headers });
  return { ...answer, counts: { ...rig.counts }, via: answer.headers.get("Cache-Status") };
}

/** Asks for something that is not stored, and then twice. */
const stored = async (what: string) => {
  await rig.get(what, { ...READER, Accept: JSON_TYPE });
  rig.restart();
  for (let times = 0; times < 2; times++) await rig.get(what, { ...READER, Accept: JSON_TYPE });
};

describe("what was read from the stores is given by the data centre's cache to whoever asks next", () => {
  test.each([
    ["a page", PAGE, undefined],
    ["a small file", path(SMALL), SMALL.bytes],
    ["its metadata", `${path(SMALL)}.metadata`, new TextEncoder().encode(SMALL.metadata)],
    ["a large file", path(LARGE), LARGE.bytes],
  ])("%s", async (_what, asked, bytes) => {
    await stored(asked);
    const { status, counts, via, body } = await inNewIsolate(asked);
    expect([status, counts, via, rig.upstream.requests]).toEqual([200, {}, "pypi-edge; hit; detail=cache", []]);
    expect(await sha256(body)).toBe(
      await sha256(bytes ?? (await rig.get(asked, { ...READER, Accept: JSON_TYPE })).body),
    );
  });

  test("a part of a large file, and not one that it does not have", async () => {
    await stored(path(LARGE));
    const part = await inNewIsolate(path(LARGE), { Range: "bytes=1000-1999" });
    expect([part.status, part.counts, part.headers.get("Content-Range")]).toEqual([206, {}, "bytes 1000-1999/300000"]);
    expect(part.body).toEqual(LARGE.bytes.slice(1_000, 2_000));
    expect((await inNewIsolate(path(LARGE), { Range: "bytes=-5" })).body).toEqual(LARGE.bytes.slice(-5));
    expect((await inNewIsolate(path(LARGE), { Range: "bytes=300000-" })).status).toBe(416);
  });

  test("with one copy for all tokens and all forms of the page", async () => {
    await stored(PAGE);
    puts.length = 0;
    const token = bearer((await give(rig)).text);
    for (const headers of [token, { Accept: "text/html;q=0.9" }, { "Accept-Encoding": "gzip" }, { Accept: "*/*" }])
      expect((await inNewIsolate(PAGE, headers)).via).toBe("pypi-edge; hit; detail=cache");
    expect(puts).toEqual([]);
  });
});

test("nothing is given to a client without a token", async () => {
  await stored(path(SMALL));
  rig.restart();
  expect((await rig.get(path(SMALL))).status).toBe(401);
  expect((await rig.get(PAGE)).status).toBe(401);
});

test("a file is given for 50 s after it was read, however often it was copied", async () => {
  await stored(path(SMALL));
  rig.wait(49 * SECOND);
  expect((await inNewIsolate(path(SMALL))).counts["r2.get"]).toBeUndefined();
  rig.wait(SECOND);
  await rig.get(path(SMALL), { ...READER, Accept: JSON_TYPE });
  expect(rig.counts["r2.get"]).toBe(1);
});

test("what is hosted is never copied, nor what a hosted name has upstream", async () => {
  await host("demo", "demo-2.0-py3-none-any.whl");
  for (const asked of [PAGE, path(SMALL), path(LARGE)]) await stored(asked);
  expect(puts).toEqual([]);
});

test("a file that was replaced upstream is not given from the cache by who replaced it", async () => {
  await stored(path(SMALL));
  await rig.upstream.publish("demo", [LARGE, { ...SMALL, bytes: new Uint8Array(900).fill(2) }]);
  rig.wait(601 * SECOND);
  await rig.get(PAGE, { ...READER, Accept: JSON_TYPE });
  expect((await rig.get(path(SMALL), READER)).body[0]).toBe(2);
});

test("a large file that is asked for once in a while is not copied", async () => {
  await rig.get(path(LARGE), READER);
  puts.length = 0;
  rig.restart();
  for (let times = 0; times < 3; times++) {
    rig.forget();
    await rig.get(path(LARGE), READER);
    expect([rig.counts["r2.get"], puts]).toEqual([1, []]);
    rig.wait(50 * SECOND);
  }
});

test("a HEAD copies nothing", async () => {
  await rig.get(path(LARGE), READER);
  puts.length = 0;
  const { response, settled } = await rig.open(path(LARGE), { method: "HEAD", headers: READER });
  await settled();
  expect([response.status, puts]).toEqual([200, []]);
});

test("a file that could not be copied behind an answer is read from the store each time", async () => {
  rig = new Rig(TEAM, { ...onCloudflare(), cache: listening(caches.default), finishAlone: 200_000 });
  await rig.upstream.publish("demo", [LARGE]);
  await rig.get(path(LARGE), READER);
  await rig.deliver();
  await stored(path(LARGE));
  expect((await inNewIsolate(path(LARGE))).counts).toEqual({ "r2.get": 1 });
});

describe("a body is kept whole or not at all", () => {
  const keys = sharedKeys(crypto.randomUUID());
  const copies = storeCopiesIn({ cache: caches.default, pipe, now: () => 1_000, finishAlone: 1 }, keys);
  const streamOf = (bytes: number, end: (controller: ReadableStreamDefaultController) => void) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(bytes));
        end(controller);
      },
    });

  test.each([
    ["whole", 900, (c: ReadableStreamDefaultController) => c.close(), true],
    ["breaks off", 899, (c: ReadableStreamDefaultController) => c.error(new Error("broken")), false],
    ["is too long", 901, (c: ReadableStreamDefaultController) => c.close(), false],
  ])("one that %s", async (what, bytes, end, isKept) => {
    await copies.put(what, { takenAt: 1_000, facts: {}, body: streamOf(bytes, end) }, 60_000, 900);
    expect((await copies.get(what, 60_000)) !== undefined).toBe(isKept);
  });
});

test("a cache that fails costs a read of the store", async () => {
  const fails = () => Promise.reject(new Error("no cache"));
  rig = new Rig(TEAM, { ...onCloudflare(), cache: { match: fails, put: fails, delete: fails } });
  await rig.upstream.publish("demo", [SMALL]);
  await stored(path(SMALL));
  expect((await inNewIsolate(path(SMALL))).body).toEqual(SMALL.bytes);
  expect((await env.FILES.list()).objects).toHaveLength(1);
});
