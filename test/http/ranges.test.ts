import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { parseRange } from "../../worker/http/range.ts";
import { drain } from "../support/large.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "../support/upstream.ts";

const SIZE = 200_000;
const BYTES = new Uint8Array(SIZE).map((_, at) => (at * 7) % 253);
const WHEEL: FakeFile = { filename: "demo-1.0-py3-none-any.whl", bytes: BYTES };
const SMALL: FakeFile = { filename: "demo-0.1-py3-none-any.whl", bytes: BYTES.slice(0, 1_000) };
const URL_OF_WHEEL = `${FakeUpstream.FILES}${WHEEL.filename}`;

/** An upstream that answers a single range as RFC 9110 says. */
function serveRanges(rig: Rig) {
  rig.upstream.on(URL_OF_WHEEL, (request) => {
    const headers = { "Content-Length": String(SIZE) };
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "") ?? [];
    if (request.method === "HEAD") return new Response(null, { headers });
    if (from === undefined) return new Response(BYTES, { headers });
    const part = BYTES.slice(Number(from), Number(to) + 1);
    return new Response(part, { status: 206, headers: { "Content-Range": `bytes ${from}-${to}/${SIZE}` } });
  });
}

async function published(entry?: Record<string, unknown>) {
  const rig = new Rig();
  await rig.upstream.publish("demo", [entry ? { ...WHEEL, entry } : WHEEL, SMALL]);
  serveRanges(rig);
  return rig;
}

const CASES: [string, number, number][] = [
  ["bytes=0-0", 0, 1],
  ["bytes=0-99", 0, 100],
  ["bytes=100000-100999", 100_000, 1_000],
  ["bytes=199999-", 199_999, 1],
  ["bytes=150000-999999", 150_000, 50_000],
  ["bytes=-10000", 190_000, 10_000],
  ["bytes=-900000", 0, SIZE],
];

describe("a range", () => {
  test.each(CASES)(
    "%s of a file not stored yet is passed on from upstream, and the whole is stored behind it",
    async (range, offset, length) => {
      const rig = await published();
      const answer = await rig.get(filePath(WHEEL.filename), { Range: range });
      expect(answer.status).toBe(206);
      expect(answer.headers.get("Content-Range")).toBe(`bytes ${offset}-${offset + length - 1}/${SIZE}`);
      expect(answer.headers.get("Content-Length")).toBe(String(length));
      expect(answer.body).toEqual(BYTES.slice(offset, offset + length));
      rig.forget();
      const again = await rig.get(filePath(WHEEL.filename), { Range: range });
      expect([again.status, again.body]).toEqual([206, answer.body]);
      expect([rig.upstream.requests, rig.counts]).toEqual([[], { "r2.get": 1 }]);
    },
  );

  test.each(CASES)("%s of a small file comes from memory", async (range) => {
    const rig = await published();
    await rig.get(filePath(SMALL.filename));
    await rig.get(filePath(SMALL.filename));
    rig.forget();
    const answer = await rig.get(filePath(SMALL.filename), { Range: range });
    expect([206, 416]).toContain(answer.status);
    expect(rig.counts).toEqual({});
  });

  test("is cut out of the whole where the upstream knows no ranges", async () => {
    const rig = await published();
    rig.upstream.on(URL_OF_WHEEL, () => new Response(BYTES));
    const answer = await rig.get(filePath(WHEEL.filename), { Range: "bytes=70000-140000" });
    expect([answer.status, answer.body]).toEqual([206, BYTES.slice(70_000, 140_001)]);
  });

  test("of a file whose size the page does not know takes it from an upstream HEAD", async () => {
    const rig = await published({ size: null });
    const answer = await rig.get(filePath(WHEEL.filename), { Range: "bytes=-16" });
    expect([answer.status, answer.body]).toEqual([206, BYTES.slice(-16)]);
  });

  test("that the upstream answers with another one is a failure, not wrong bytes", async () => {
    const rig = await published();
    rig.upstream.on(
      URL_OF_WHEEL,
      () => new Response("abc", { status: 206, headers: { "Content-Range": `bytes 5-7/${SIZE}` } }),
    );
    expect((await rig.get(filePath(WHEEL.filename), { Range: "bytes=0-2" })).status).toBe(503);
  });

  test.each(["cold", "stored", "in memory"])("that the file does not have is 416 with its size (%s)", async (where) => {
    const rig = await published();
    const path = filePath(where === "in memory" ? SMALL.filename : WHEEL.filename);
    const size = where === "in memory" ? 1_000 : SIZE;
    if (where !== "cold") await rig.get(path);
    if (where === "in memory") await rig.get(path);
    const answer = await rig.get(path, { Range: `bytes=${size}-` });
    expect([answer.status, answer.headers.get("Content-Range"), answer.headers.get("Cache-Control")]).toEqual([
      416,
      `bytes */${size}`,
      "no-store",
    ]);
  });

  test("has its file stored once, however many ranges are requested meanwhile", async () => {
    const rig = await published();
    const answers = await Promise.all(
      ["bytes=0-9", "bytes=10-19", "bytes=20-29"].map((range) =>
        rig.open(filePath(WHEEL.filename), { headers: { Range: range } }),
      ),
    );
    await Promise.all(answers.map(({ response }) => response.arrayBuffer()));
    await Promise.all(answers.map(({ settled }) => settled()));
    expect(rig.counts["r2.put"]).toBe(1);
    expect(
      await sha256(
        new Uint8Array(
          (await (await env.FILES.get((await env.FILES.list()).objects[0]?.key ?? ""))?.arrayBuffer()) ??
            new ArrayBuffer(),
        ),
      ),
    ).toBe(await sha256(BYTES));
  });

  test("stores nothing where the whole file differs from the page's facts", async () => {
    const rig = await published({ hashes: { sha256: "0".repeat(64) } });
    expect((await rig.get(filePath(WHEEL.filename), { Range: "bytes=0-9" })).status).toBe(206);
    expect((await env.FILES.list()).objects).toEqual([]);
  });
});

describe("If-Range", () => {
  test("with this file's ETag or date gives the part, with another's the whole", async () => {
    const rig = await published();
    const whole = await rig.get(filePath(WHEEL.filename));
    const ask = (ifRange: string) => rig.get(filePath(WHEEL.filename), { Range: "bytes=0-9", "If-Range": ifRange });
    const answers = [
      whole.headers.get("ETag"),
      whole.headers.get("Last-Modified"),
      '"other"',
      `W/${whole.headers.get("ETag")}`,
    ].map((value) => ask(value ?? ""));
    expect((await Promise.all(answers)).map(({ status, body }) => [status, body.byteLength])).toEqual([
      [206, 10],
      [206, 10],
      [200, SIZE],
      [200, SIZE],
    ]);
  });
});

test.each([
  undefined,
  "",
  "bytes",
  "bytes=",
  "bytes=-",
  "bytes=-0",
  "bytes=5-4",
  "bytes=a-b",
  "bytes=0-1,3-4",
  "items=0-1",
  `bytes=${"9".repeat(16)}-`,
])("a Range of %j means the whole file", (header) => {
  expect(parseRange(header)).toBeUndefined();
});

test("every whole answer has Accept-Ranges, and HEAD ignores ranges", async () => {
  const rig = await published();
  const get = await rig.get(filePath(WHEEL.filename));
  const head = await rig.get(filePath(WHEEL.filename), { Range: "bytes=0-9" }, "HEAD");
  expect(
    [get, head].map(({ status, headers }) => [status, headers.get("Accept-Ranges"), headers.get("Content-Length")]),
  ).toEqual([
    [200, "bytes", String(SIZE)],
    [200, "bytes", String(SIZE)],
  ]);
});

describe("a part that is passed on from upstream", () => {
  const MODIFIED = "Wed, 01 Jul 2026 10:00:00 GMT";

  test("has the date of the whole, so that If-Range by date means the same", async () => {
    const rig = new Rig();
    const file = { ...WHEEL, ranges: true, lastModified: MODIFIED, entry: { "upload-time": undefined } };
    await rig.upstream.publish("demo", [file]);
    const whole = await rig.get(filePath(WHEEL.filename), {}, "HEAD");
    const part = await rig.get(filePath(WHEEL.filename), { Range: "bytes=0-9", "If-Range": MODIFIED });
    expect([part.status, part.headers.get("Cache-Status")]).toEqual([206, "pypi-edge; fwd=miss"]);
    expect([whole, part].map(({ headers }) => headers.get("Last-Modified"))).toEqual([MODIFIED, MODIFIED]);
  });

  test.each([
    ["that a digest will verify", undefined, {}],
    ["that nothing verifies", { hashes: {} }, {}],
    [
      "of an index with a policy",
      undefined,
      { INDEXES: { default: { sources: ["pypi"], policy: { min_age: "3d" } } } },
    ],
  ])("is stored by no cache, of a file %s", async (_what, entry, vars) => {
    const rig = new Rig(vars);
    const uploaded = { "upload-time": "2025-01-01T00:00:00Z" };
    await rig.upstream.publish("demo", [{ ...WHEEL, entry: { ...uploaded, ...entry } }]);
    serveRanges(rig);
    const { status, headers } = await rig.get(filePath(WHEEL.filename), { Range: "bytes=0-9" });
    const lifetimes = ["Cache-Control", "Cloudflare-CDN-Cache-Control"].map((name) => headers.get(name));
    expect([status, ...lifetimes]).toEqual([206, "no-store", null]);
  });

  test.each([5_000, 5])(
    "never has another length than its headers say, though the upstream sends %i bytes for 10, which is reported",
    async (sent) => {
      const [warn, error] = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
      const rig = await published();
      rig.upstream.on(URL_OF_WHEEL, (request) =>
        request.headers.has("Range")
          ? new Response(new Uint8Array(sent), { status: 206, headers: { "Content-Range": `bytes 0-9/${SIZE}` } })
          : new Response(BYTES),
      );
      const { response, settled } = await rig.open(filePath(WHEEL.filename), { headers: { Range: "bytes=0-9" } });
      const { received, broken } = await drain(response);
      await settled();
      expect([response.status, response.headers.get("Content-Length")]).toEqual([206, "10"]);
      expect([received <= 10, broken]).toEqual([true, true]);
      expect(error.mock.calls).toEqual([]);
      expect(warn.mock.calls.flat().join()).toMatch(
        `file-refused: files.upstream.test/packages/${WHEEL.filename}, a part of it: it `,
      );
      vi.restoreAllMocks();
    },
  );
});
