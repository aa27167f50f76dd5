import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { METADATA, METADATA_PATH, NAME, URL_OF_WHEEL, WHEEL, bare, published } from "../support/bare.ts";
import { filePath, Rig } from "../support/rig.ts";
import { fileResponse, FakeUpstream, sha256 } from "../support/upstream.ts";
import { demoWheel } from "../support/wheel.ts";

const PATH = filePath(NAME);
const SHORT = "public, max-age=60, no-transform";
const LONG = "public, max-age=31536000, immutable, no-transform";
const MINUTE = 61_000;
const UNVERIFIED = { hashes: {}, "core-metadata": true };

const JUNK: readonly (readonly [what: string, body: BodyInit, type: string])[] = [
  ["an HTML page", "<html>Service temporarily unavailable</html>", "text/html"],
  ["an HTML page of another type", "<!DOCTYPE html><p>Log in", "application/octet-stream"],
  ["the right bytes that are said to be HTML", WHEEL, "Text/HTML; charset=utf-8"],
  ["a message in JSON", '{"detail": "rate limited"}', "application/json"],
  ["a message in text", "Error: rate limited", "text/plain"],
  ["an empty line", "\n", "text/plain"],
];

const stored = async () => (await env.FILES.list()).objects.map(({ key }) => key);
const metadataOf = METADATA_PATH;

/** An index whose upstream has the wheel and its metadata, and no digest of either. */
const unverified = () => published({ metadata: METADATA, entry: UNVERIFIED });

describe("what no digest verifies", () => {
  test.each(JUNK)("is refused where it is %s, and asked for again the next time", async (_what, body, type) => {
    const rig = await unverified();
    rig.upstream.on(URL_OF_WHEEL, () => new Response(body, { headers: { "Content-Type": type } }));
    const junk = await rig.get(PATH);
    expect([junk.status, junk.headers.get("Cache-Control"), await stored()]).toEqual([503, "no-store", []]);
    rig.upstream.on(URL_OF_WHEEL, (request) => fileResponse(request, WHEEL));
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });

  test.each([...JUNK, ["the wheel", WHEEL, "application/octet-stream"] as const])(
    "and is %s in the place of metadata is not the metadata, which is then read from the wheel",
    async (_what, body, type) => {
      const rig = await unverified();
      rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response(body, { headers: { "Content-Type": type } }));
      const answer = await rig.get(metadataOf);
      expect([answer.text(), answer.headers.get("Cache-Control")]).toEqual([METADATA, SHORT]);
    },
  );

  test.each([
    ["demo-1.0.tar.gz", [0x1f, 0x8b, 8]],
    ["demo-1.0.tgz", [0x1f, 0x8b, 8]],
    ["demo-1.0.tar.bz2", [0x42, 0x5a, 0x68]],
    ["demo-1.0.tar.xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
    ["demo-1.0.tar.Z", [0x1f, 0x9d]],
    ["demo-1.0.zip", [0x50, 0x4b, 3, 4]],
    ["demo-1.0-py3.9.egg", [0x50, 0x4b, 3, 4]],
    ["demo-1.0.win32.exe", [0x4d, 0x5a]],
    ["demo-1.0.win32.msi", [0xd0, 0xcf, 0x11, 0xe0]],
    ["demo-1.0.noarch.rpm", [0xed, 0xab, 0xee, 0xdb]],
    ["demo-1.0.deb", [...new TextEncoder().encode("!<arch>\n")]],
  ])("begins as its name says: %s", async (filename, magic) => {
    const bytes = new Uint8Array(1_000);
    bytes.set(magic);
    const rig = new Rig();
    await rig.upstream.publish("demo", [bare(filename, bytes, { entry: { hashes: {} } })]);
    rig.upstream.on(FakeUpstream.FILES + filename, () => new Response(new Uint8Array(1_000)));
    expect([(await rig.get(filePath(filename))).status, await stored()]).toEqual([503, []]);
    rig.upstream.on(FakeUpstream.FILES + filename, () => new Response(bytes));
    expect((await rig.get(filePath(filename))).body).toEqual(bytes);
  });

  test.each(["demo-1.0.dmg", "demo-1.0.tar.lz"])(
    "and says nothing of itself by its name is served: %s",
    async (filename) => {
      const rig = new Rig();
      await rig.upstream.publish("demo", [bare(filename, new Uint8Array(1_000), { entry: { hashes: {} } })]);
      expect((await rig.get(filePath(filename))).body).toEqual(new Uint8Array(1_000));
    },
  );

  test.each([
    ["as build tools write it", METADATA],
    ["with its name first", "Name: demo\nVersion: 1.0\nMetadata-Version: 2.1\n"],
    ["with line ends of Windows", METADATA.replaceAll("\n", "\r\n")],
    ["in lower case", METADATA.replace("Metadata-Version", "metadata-version")],
    ["behind a byte order mark", `\u{feff}${METADATA}`],
    ["without a description or a last line end", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0"],
  ])("and is metadata %s is served as it is", async (_how, text) => {
    const rig = await unverified();
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response(text));
    expect((await rig.get(metadataOf)).body).toEqual(new TextEncoder().encode(text));
  });

  test("lives a minute with clients and the edge, cold and stored, and in no isolate's memory", async () => {
    const small = await demoWheel(100);
    const rig = await published({ bytes: small, metadata: METADATA, entry: UNVERIFIED });
    for (const path of [PATH, metadataOf]) {
      for (const _ of ["cold", "stored", "stored"]) {
        const { status, headers } = await rig.get(path);
        expect([status, headers.get("Cache-Control")]).toEqual([200, SHORT]);
        expect(headers.get("Cache-Status")).not.toContain("memory");
      }
    }
  });

  test("is stored for good once a digest verifies it", async () => {
    const rig = await published();
    expect((await rig.get(PATH)).headers.get("Cache-Control")).toBe(LONG);
  });
});

describe("what is stored and no digest has verified", () => {
  /** What was asked of the upstream for the wheel. */
  const asked = (rig: Rig) =>
    rig.upstream.requests.filter((line) => line.endsWith(NAME)).map((line) => line.split(" ")[0]);
  const sends = (rig: Rig, bytes: Uint8Array, etag?: string) =>
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      const response = fileResponse(request, bytes);
      if (etag !== undefined) response.headers.set("ETag", etag);
      return response;
    });

  async function kept(etag: string | undefined = '"a"') {
    const rig = await published({ entry: { hashes: {} } });
    sends(rig, WHEEL, etag);
    await rig.get(PATH);
    rig.forget();
    return rig;
  }

  test("is compared with the upstream's once a minute, and served from the store while they are one", async () => {
    const rig = await kept();
    for (const _ of [1, 2]) await rig.get(PATH);
    expect(asked(rig)).toEqual([]);
    rig.wait(MINUTE);
    for (const _ of [1, 2]) {
      const answer = await rig.get(PATH);
      expect([answer.headers.get("Cache-Status"), answer.body]).toEqual(["pypi-edge; hit; detail=r2", WHEEL]);
    }
    expect(asked(rig)).toEqual(["HEAD"]);
  });

  test("is compared by an isolate that has not fetched it", async () => {
    const rig = await kept();
    rig.restart();
    sends(rig, await demoWheel(), '"b"');
    expect((await rig.get(PATH)).body).not.toEqual(WHEEL);
    expect(asked(rig)).toEqual(["HEAD", "GET"]);
  });

  test.each<[what: string, size: number, etag: string | undefined]>([
    ["another size", 150_000, '"a"'],
    ["another ETag", 200_000, '"b"'],
    ["no ETag any more", 200_000, undefined],
  ])("gives way to the upstream's where that has %s", async (_what, size, etag) => {
    const rig = await kept();
    const other = await demoWheel(size);
    sends(rig, other, etag);
    rig.wait(MINUTE);
    expect((await rig.get(PATH)).body).toEqual(other);
    expect((await rig.get(PATH)).body).toEqual(other);
  });

  test("is fetched again where nothing else shows whether it is the same", async () => {
    const rig = await kept("");
    const other = await demoWheel();
    sends(rig, other);
    rig.wait(MINUTE);
    expect((await rig.get(PATH)).body).toEqual(other);
  });

  test.each<[what: string, answer: (request: Request) => Response]>([
    ["is an HTML page", () => new Response("<html>", { headers: { "Content-Type": "text/html" } })],
    ["is junk of another kind", (request) => fileResponse(request, new Uint8Array(9))],
    ["is 500", () => new Response("no", { status: 500 })],
    ["is 403", () => new Response("no", { status: 403 })],
    ["is that it is gone", () => new Response("no", { status: 404 })],
  ])("is served on where the upstream's answer %s", async (_what, answer) => {
    const rig = await kept();
    rig.upstream.on(URL_OF_WHEEL, answer);
    rig.wait(MINUTE);
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
    expect((await rig.get(PATH, { Range: "bytes=0-3" })).body).toEqual(WHEEL.slice(0, 4));
  });

  test("is served on while the upstream is away, and where it has left its page", async () => {
    const rig = await kept();
    rig.wait(601_000);
    await rig.upstream.publish("demo", [bare("demo-1.1.tar.gz", new Uint8Array(9))]);
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
    rig.upstream.down = true;
    rig.wait(601_000);
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });

  test("is what an earlier version has stored without a word of that", async () => {
    const rig = await kept();
    const key = (await stored())[0] ?? "";
    await env.FILES.put(key, "<html>", { customMetadata: { project: "demo", modifiedAt: "0" } });
    rig.restart();
    for (const _ of [1, 2]) {
      const { headers, body } = await rig.get(PATH);
      expect([headers.get("Cache-Control"), body]).toEqual([SHORT, WHEEL]);
    }
  });

  test("gives way to what its page has got a digest for since", async () => {
    const rig = await kept();
    await rig.upstream.publish("demo", [bare(NAME, WHEEL)]);
    rig.wait(601_000);
    await rig.page("demo");
    for (const _ of ["checked", "stored"]) {
      const { headers, body } = await rig.get(PATH);
      expect([headers.get("ETag"), headers.get("Cache-Control"), body]).toEqual([
        `"${await sha256(WHEEL)}"`,
        LONG,
        WHEEL,
      ]);
    }
  });
});

describe("metadata that the upstream says it has, without a digest", () => {
  const WRONG = METADATA.replace("six", "seven");
  const lying = (hashes?: object) =>
    published({ metadata: WRONG, entry: { "core-metadata": true, ...(hashes && { hashes }) } });

  test("is short-lived, and the stored wheel's own takes its place for good", async () => {
    const rig = await lying();
    const before = await rig.get(metadataOf);
    expect([before.text(), before.headers.get("Cache-Control")]).toEqual([WRONG, SHORT]);
    await rig.get(PATH);
    for (const _ of [1, 2]) {
      const after = await rig.get(metadataOf);
      expect([after.text(), after.headers.get("Cache-Control")]).toEqual([METADATA, LONG]);
    }
    rig.restart();
    rig.forget();
    expect((await rig.get(metadataOf)).text()).toBe(METADATA);
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "r2.get": 1 }, []]);
  });

  test("is stored for good once the stored wheel has the same, which is not reported", async () => {
    const rig = await published({ metadata: METADATA, entry: { "core-metadata": true } });
    await rig.get(metadataOf);
    await rig.get(PATH);
    expect((await rig.get(metadataOf)).headers.get("Cache-Control")).toBe(LONG);
    expect((await rig.get("/-/metrics")).text()).not.toContain('event="file-refused"');
  });

  test("stays short-lived where no digest verifies the wheel either, but says what the stored wheel says", async () => {
    const rig = await lying({});
    expect((await rig.get(metadataOf)).text()).toBe(WRONG);
    await rig.get(PATH);
    const { headers, text } = await rig.get(metadataOf);
    expect([text(), headers.get("Cache-Control")]).toEqual([METADATA, SHORT]);
  });

  test("is the stored wheel's own where the wheel came first", async () => {
    const rig = await lying();
    await rig.get(PATH);
    expect((await rig.get(metadataOf)).text()).toBe(METADATA);
  });
});
