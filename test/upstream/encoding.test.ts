import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { gzipped, joined, noise, tar } from "../support/archive.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "../support/upstream.ts";
import { demoWheel, metadataText } from "../support/wheel.ts";

const WHEEL = await demoWheel();
const TAR = await tar([{ path: "demo-1.0/PKG-INFO", content: noise(150_000) }]);
const SDIST = await gzipped(TAR);
const METADATA = new TextEncoder().encode(metadataText("demo"));
const BZIP2 = await joined(["BZh9", noise(20_000)]);

const deflated = async (bytes: Uint8Array) =>
  new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer(),
  );

/** An answer of these bytes, its encoding said in a header, as fetch gives it when it does not decode. */
const sent =
  (bytes: Uint8Array, encoding: string, type = "application/octet-stream") =>
  (request: Request) => {
    const headers = { "Content-Encoding": encoding, "Content-Length": String(bytes.byteLength), "Content-Type": type };
    return new Response(request.method === "HEAD" ? null : bytes, { headers, encodeBody: "manual" });
  };

const DIGESTS: readonly (readonly [how: string, entry: FakeFile["entry"]])[] = [
  ["with a digest", {}],
  ["without", { hashes: {} }],
  ["with neither digest nor size", { hashes: {}, size: undefined }],
];

/** An index whose upstream has `file`, which it sends so. */
async function sending(filename: string, file: Uint8Array, entry: FakeFile["entry"], answer: Answer) {
  const rig = new Rig();
  await rig.upstream.publish("demo", [{ filename, bytes: file, ...(entry && { entry }) }]);
  rig.upstream.on(FakeUpstream.FILES + filename, answer);
  return rig;
}
type Answer = (request: Request) => Response;

const stored = async () =>
  Promise.all((await env.FILES.list()).objects.map(async ({ key }) => (await env.FILES.get(key))?.bytes()));

describe.each(DIGESTS)("a file that is sent with a Content-Encoding, %s", (_how, entry) => {
  test.each<[what: string, filename: string, file: Uint8Array, body: () => Promise<Uint8Array> | Uint8Array, string]>([
    ["a .tar.gz labelled by its ending", "demo-1.0.tar.gz", SDIST, () => SDIST, "gzip"],
    ["the same in capitals", "demo-1.0.tar.gz", SDIST, () => SDIST, "GZIP"],
    ["the same by its old name", "demo-1.0.tar.gz", SDIST, () => SDIST, "x-gzip"],
    ["the same beside `identity`", "demo-1.0.tar.gz", SDIST, () => SDIST, "identity, gzip"],
    ["the same with a label that says nothing", "demo-1.0.tar.gz", SDIST, () => SDIST, "binary"],
    ["a .tgz labelled by its ending", "demo-1.0.tgz", SDIST, () => SDIST, "gzip"],
    ["a .tar.gz that was encoded", "demo-1.0.tar.gz", SDIST, () => gzipped(SDIST), "gzip"],
    ["a .tar.gz that was labelled and encoded", "demo-1.0.tar.gz", SDIST, () => gzipped(SDIST), "gzip, gzip"],
    ["a wheel that was encoded", "demo-1.0-py3-none-any.whl", WHEEL, () => gzipped(WHEEL), "gzip"],
    ["a wheel that was deflated", "demo-1.0-py3-none-any.whl", WHEEL, () => deflated(WHEEL), "deflate"],
    [
      "a wheel that was encoded twice",
      "demo-1.0-py3-none-any.whl",
      WHEEL,
      () => deflated(WHEEL).then(gzipped),
      "deflate, gzip",
    ],
    ["a wheel with a label that is not true", "demo-1.0-py3-none-any.whl", WHEEL, () => WHEEL, "gzip"],
    ["a .zip with a label that cannot be decoded", "demo-1.0.zip", WHEEL, () => WHEEL, "br"],
    ["a .tar.bz2 labelled by its ending", "demo-1.0.tar.bz2", BZIP2, () => BZIP2, "x-bzip2"],
    ["a .tar that was encoded", "demo-1.0.tar", TAR, () => gzipped(TAR), "gzip"],
  ])("is the file itself: %s", async (_what, filename, file, body, encoding) => {
    const rig = await sending(filename, file, entry, sent(await body(), encoding));
    const size = String(file.byteLength);
    const head = await rig.get(filePath(filename), {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length") ?? size]).toEqual([200, size]);
    const cold = await rig.get(filePath(filename));
    expect([cold.status, await sha256(cold.body), cold.headers.get("Content-Encoding")]).toEqual([
      200,
      await sha256(file),
      null,
    ]);
    expect([cold.headers.get("Content-Length") ?? size]).toEqual([size]);
    const warm = await rig.get(filePath(filename));
    expect([await sha256(warm.body), warm.headers.get("Content-Length")]).toEqual([await sha256(file), size]);
  });

  test.each<[what: string, filename: string, body: () => Promise<Uint8Array> | Uint8Array, string]>([
    ["a wheel that was encoded in a way that cannot be decoded", "demo-1.0-py3-none-any.whl", () => noise(5_000), "br"],
    ["the same by another name", "demo-1.0-py3-none-any.whl", () => noise(5_000), "zstd"],
    ["a .tar.gz that is encoded in a way that cannot be decoded", "demo-1.0.tar.gz", () => noise(5_000), "gzip, br"],
  ])("is refused before the first byte, and not stored: %s", async (_what, filename, body, encoding) => {
    const rig = await sending(filename, WHEEL, entry, sent(await body(), encoding));
    const answer = await rig.get(filePath(filename));
    expect([answer.status, answer.text()]).toEqual([503, expect.stringContaining(`Content-Encoding is ${encoding}`)]);
    expect(await stored()).toEqual([]);
  });

  test("is refused where it is cut in the middle of what is encoded", async () => {
    const half = (await gzipped(WHEEL)).slice(0, 50_000);
    const rig = await sending("demo-1.0.zip", WHEEL, entry, sent(half, "gzip"));
    const { response, settled } = await rig.open(filePath("demo-1.0.zip"));
    await expect(response.arrayBuffer()).rejects.toThrow(/./);
    await settled();
    expect(await stored()).toEqual([]);
  });
});

describe("without a digest", () => {
  const noDigest = { hashes: {}, size: undefined };

  test.each<[what: string, body: () => Promise<Uint8Array>]>([
    ["an encoded message", () => gzipped(new TextEncoder().encode('{"error": "come back later"}'))],
    ["the encoded wheel", () => gzipped(WHEEL)],
  ])("%s is no .tar.gz, although it begins as one", async (_what, body) => {
    const rig = await sending("demo-1.0.tar.gz", SDIST, noDigest, sent(await body(), "gzip"));
    expect([(await rig.get(filePath("demo-1.0.tar.gz"))).status, await stored()]).toEqual([503, []]);
  });

  test("a bare tar is no .tar.gz, however it is labelled", async () => {
    const rig = await sending("demo-1.0.tar.gz", SDIST, noDigest, sent(TAR, "gzip"));
    expect([(await rig.get(filePath("demo-1.0.tar.gz"))).status, await stored()]).toEqual([503, []]);
  });
});

test("with a digest, the digest decides what bytes of the right kind are", async () => {
  const rig = await sending(
    "demo-1.0.tar.gz",
    SDIST,
    { size: undefined },
    sent(await gzipped(TAR.slice(0, 3_000)), "gzip"),
  );
  const { response, settled } = await rig.open(filePath("demo-1.0.tar.gz"));
  await expect(response.arrayBuffer()).rejects.toThrow(/./);
  await settled();
  expect(await stored()).toEqual([]);
});

test("a .metadata that was encoded is the text itself, with a digest and without", async () => {
  for (const claim of [true, { sha256: await sha256(METADATA) }]) {
    const rig = new Rig();
    const name = `demo-1.0-py3-none-any.whl`;
    await rig.upstream.publish("demo", [{ filename: name, bytes: WHEEL, entry: { "core-metadata": claim } }]);
    rig.upstream.on(`${FakeUpstream.FILES}${name}.metadata`, sent(await gzipped(METADATA), "gzip", "text/plain"));
    const answer = await rig.get(`${filePath(name)}.metadata`);
    expect([answer.status, answer.text()]).toEqual([200, metadataText("demo")]);
    await env.FILES.delete((await env.FILES.list()).objects.map(({ key }) => key));
  }
});

describe("a part of a file", () => {
  const range = { Range: "bytes=1000-1099" };

  test.each<[what: string, body: () => Promise<Uint8Array> | Uint8Array]>([
    ["labelled by its ending", () => SDIST],
    ["encoded", () => gzipped(SDIST)],
  ])("is one of the file, not of what was sent, where that is %s", async (_what, body) => {
    const bytes = await body();
    for (const entry of [{}, { size: undefined }]) {
      const rig = await sending("demo-1.0.tar.gz", SDIST, entry, (request) => {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "") ?? [];
        if (from === undefined) return sent(bytes, "gzip")(request);
        const headers = { "Content-Encoding": "gzip", "Content-Range": `bytes ${from}-${to}/${bytes.byteLength}` };
        return new Response(bytes.slice(Number(from), Number(to) + 1), { status: 206, headers, encodeBody: "manual" });
      });
      const { response, settled } = await rig.open(filePath("demo-1.0.tar.gz"), { headers: range });
      const got = new Uint8Array(await response.arrayBuffer());
      await settled();
      // Without any size the whole is the answer.
      expect(got).toEqual(response.status === 206 ? SDIST.slice(1_000, 1_100) : SDIST);
      await env.FILES.delete((await env.FILES.list()).objects.map(({ key }) => key));
    }
  });
});

test("a page that was encoded is decoded, as before", async () => {
  const rig = new Rig();
  const text = new TextEncoder().encode('<!DOCTYPE html><a href="/f/demo-1.0.tar.gz">demo-1.0.tar.gz</a>');
  const body = await gzipped(text);
  rig.upstream.on(`${FakeUpstream.INDEX}demo/`, sent(body, "gzip", "text/html"));
  expect((await rig.page("demo")).json?.files).toMatchObject([{ filename: "demo-1.0.tar.gz" }]);
});
