import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "../support/upstream.ts";

const bytes = (size: number) => {
  const all = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(all.subarray(at, at + 65_536));
  return all;
};
const WHEEL: FakeFile = { filename: "demo-1.0-py3-none-any.whl", bytes: bytes(900_000), metadata: "Name: demo\n" };
const URL_OF_WHEEL = `${FakeUpstream.FILES}${WHEEL.filename}`;
const WHEEL_PATH = filePath(WHEEL.filename);

async function published(...files: FakeFile[]) {
  const rig = new Rig();
  await rig.upstream.publish("demo", files.length > 0 ? files : [WHEEL]);
  return rig;
}

const stored = async () => (await env.FILES.list()).objects.map((object) => object.key);

/** Reads a body to its end, or to its break. */
async function drain(response: Response) {
  const chunks: number[] = [];
  let broken = false;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk.byteLength);
  } catch {
    broken = true;
  }
  return { received: chunks.reduce((sum, size) => sum + size, 0), broken };
}

describe("a file", () => {
  test("has the same bytes and headers cold and warm", async () => {
    const rig = await published();
    const cold = await rig.get(WHEEL_PATH);
    const warm = await rig.get(WHEEL_PATH);
    for (const answer of [cold, warm]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(WHEEL.bytes);
      expect(answer.headers.get("ETag")).toBe(`"${await sha256(WHEEL.bytes)}"`);
      expect(answer.headers.get("Content-Length")).toBe("900000");
      expect(answer.headers.get("Content-Type")).toBe("application/octet-stream");
      expect(answer.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable, no-transform");
      expect(answer.headers.get("Last-Modified")).toBe("Fri, 02 Jan 2026 03:04:05 GMT");
    }
    expect([cold, warm].map((answer) => answer.headers.get("Cache-Status"))).toEqual([
      "pypi-edge; fwd=miss",
      "pypi-edge; hit; detail=r2",
    ]);
  });

  test("is 304 for its ETag, without its bytes", async () => {
    const rig = await published();
    const etag = (await rig.get(WHEEL_PATH)).headers.get("ETag") ?? "";
    const answer = await rig.get(WHEEL_PATH, { "If-None-Match": etag });
    expect([answer.status, answer.body.byteLength, answer.headers.get("ETag")]).toEqual([304, 0, etag]);
  });

  test("is 304 for its date, where the client sends no ETag with it", async () => {
    const rig = await published();
    const date = (await rig.get(WHEEL_PATH)).headers.get("Last-Modified") ?? "";
    const statusFor = async (headers: Record<string, string>) => (await rig.get(WHEEL_PATH, headers)).status;
    expect(await statusFor({ "If-Modified-Since": date })).toBe(304);
    expect(await statusFor({ "If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT" })).toBe(200);
    expect(await statusFor({ "If-Modified-Since": date, "If-None-Match": '"other"' })).toBe(200);
  });

  test("answers HEAD from the page alone while it is not stored", async () => {
    const rig = await published();
    const head = await rig.get(WHEEL_PATH, {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.body.byteLength]).toEqual([200, "900000", 0]);
    expect(rig.upstream.requests).toEqual(["GET https://upstream.test/simple/demo/"]);
  });

  test("answers HEAD by an upstream HEAD where the page does not know the size", async () => {
    const rig = await published({ ...WHEEL, entry: { size: null } });
    const head = await rig.get(WHEEL_PATH, {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length")]).toEqual([200, "900000"]);
    expect(rig.upstream.requests.at(-1)).toBe(`HEAD ${URL_OF_WHEEL}`);
  });

  test("is found from a lock file before its page was requested", async () => {
    const rig = await published();
    expect((await rig.get(WHEEL_PATH)).status).toBe(200);
    expect(rig.upstream.requests).toEqual(["GET https://upstream.test/simple/demo/", `GET ${URL_OF_WHEEL}`]);
  });

  test("is one file in every spelling of its address", async () => {
    const local: FakeFile = { filename: "demo-1.0+cpu-py3-none-any.whl", bytes: bytes(10) };
    const rig = await published(local);
    const plus = await rig.get("/files/files.upstream.test/packages/demo-1.0+cpu-py3-none-any.whl");
    const escaped = await rig.get("/files/files.upstream.test/packages/demo-1.0%2Bcpu-py3-none-any.whl");
    expect([plus.body, escaped.body]).toEqual([local.bytes, local.bytes]);
    expect(await stored()).toHaveLength(1);
  });

  test("and its metadata are two: the second under the digest the page has for it", async () => {
    const rig = await published();
    const cold = await rig.get(`${WHEEL_PATH}.metadata`);
    const warm = await rig.get(`${WHEEL_PATH}.metadata`);
    expect([cold.text(), warm.text()]).toEqual(["Name: demo\n", "Name: demo\n"]);
    expect(warm.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(warm.headers.get("ETag")).toBe(`"${await sha256(new TextEncoder().encode("Name: demo\n"))}"`);
    expect(rig.upstream.requests.filter((request) => request.endsWith(".metadata"))).toHaveLength(1);
  });

  test("of an sdist with an ambiguous name is found on the right project's page", async () => {
    const rig = new Rig();
    const sdist: FakeFile = { filename: "demo-2-1.0.tar.gz", bytes: bytes(10) };
    await rig.upstream.publish("demo-2", [sdist]);
    expect((await rig.get(filePath(sdist.filename))).body).toEqual(sdist.bytes);
  });
});

describe("a file of unknown length", () => {
  const streamed = (rig: Rig, body: Uint8Array) =>
    rig.upstream.on(
      URL_OF_WHEEL,
      () => new Response(new Response(body).body?.pipeThrough(new IdentityTransformStream())),
    );

  test.each([900_000, 899_999, 900_001])(
    "is served without a Content-Length where the upstream sends none: the page's size (%i) is not binding",
    async (size) => {
      const rig = await published({ ...WHEEL, entry: { size } });
      streamed(rig, WHEEL.bytes);
      const answer = await rig.get(WHEEL_PATH);
      expect([answer.headers.get("Content-Length"), answer.body]).toEqual([null, WHEEL.bytes]);
      expect((await rig.get(WHEEL_PATH)).headers.get("Content-Length")).toBe("900000");
    },
  );

  test("has the page's size where the upstream sends none and there is no digest", async () => {
    const zip = new Uint8Array(WHEEL.bytes);
    zip.set([0x50, 0x4b, 3, 4]);
    const rig = await published({ ...WHEEL, bytes: zip, entry: { hashes: {} } });
    streamed(rig, zip);
    const answer = await rig.get(WHEEL_PATH);
    expect([answer.headers.get("Content-Length"), answer.body]).toEqual(["900000", zip]);
  });

  test.each([900_000, 20_000_000])("is served, verified and stored where neither says it (%i bytes)", async (size) => {
    const file = { ...WHEEL, bytes: bytes(size), entry: { size: null } };
    const rig = await published(file);
    streamed(rig, file.bytes);
    const cold = await rig.get(WHEEL_PATH);
    expect(await sha256(cold.body)).toBe(await sha256(file.bytes));
    const warm = await rig.get(WHEEL_PATH);
    expect([warm.headers.get("Cache-Status"), warm.headers.get("Content-Length")]).toEqual([
      "pypi-edge; hit; detail=r2",
      String(size),
    ]);
    expect(await sha256(warm.body)).toBe(await sha256(file.bytes));
  });

  test("is refused where the bytes are wrong: nothing stored, no clean end", async () => {
    const rig = await published({ ...WHEEL, entry: { size: null, hashes: { sha256: "0".repeat(64) } } });
    streamed(rig, WHEEL.bytes);
    const { response, settled } = await rig.open(WHEEL_PATH);
    expect(await drain(response)).toMatchObject({ broken: true });
    await settled();
    expect(await stored()).toEqual([]);
  });
});

describe("wrong bytes", () => {
  test.each(["sha256", "sha1", "md5"])(
    "of the right length break the client's transfer and are never stored (%s)",
    async (algorithm) => {
      const rig = await published({
        ...WHEEL,
        entry: { hashes: { [algorithm]: "00".repeat({ sha256: 32, sha1: 20, md5: 16 }[algorithm] ?? 0) } },
      });
      const { response, settled } = await rig.open(WHEEL_PATH);
      const { received, broken } = await drain(response);
      await settled();
      expect(broken).toBe(true);
      expect(received).toBeLessThan(WHEEL.bytes.byteLength);
      expect(await stored()).toEqual([]);
    },
  );

  test("of another length than the page's are refused before the first byte", async () => {
    // Without a digest: with one, the page's size is advice.
    const zip = new Uint8Array(WHEEL.bytes);
    zip.set([0x50, 0x4b, 3, 4]);
    const rig = await published({ ...WHEEL, bytes: zip, entry: { size: 899_999, hashes: {} } });
    const answer = await rig.get(WHEEL_PATH);
    expect([answer.status, answer.text()]).toEqual([503, expect.stringContaining("900000 bytes")]);
    expect(await stored()).toEqual([]);
  });

  test.each([0, 1, 300_000, 899_999])(
    "cut after %i bytes break the client's transfer and are never stored",
    async (length) => {
      const rig = await published();
      rig.upstream.on(
        URL_OF_WHEEL,
        () => new Response(new Response(WHEEL.bytes.slice(0, length)).body?.pipeThrough(new IdentityTransformStream())),
      );
      const { response, settled } = await rig.open(WHEEL_PATH);
      expect(await drain(response)).toMatchObject({ broken: true });
      await settled();
      expect(await stored()).toEqual([]);
      rig.upstream.on(URL_OF_WHEEL, () => new Response(WHEEL.bytes));
      expect((await rig.get(WHEEL_PATH)).body).toEqual(WHEEL.bytes);
    },
  );

  test("of metadata are refused like a file's", async () => {
    const rig = await published();
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response("Name: evil\n"));
    const { response, settled } = await rig.open(`${WHEEL_PATH}.metadata`);
    expect(await drain(response)).toMatchObject({ broken: true });
    await settled();
    expect(await stored()).toEqual([]);
  });
});

describe("what is no file of the index", () => {
  test.each([
    "/files/files.upstream.test/packages/other/demo-1.0-py3-none-any.whl",
    "/files/evil.test/packages/demo-1.0-py3-none-any.whl",
    "/files/files.upstream.test/packages/demo-9.9-py3-none-any.whl",
    "/files/files.upstream.test/packages/nobody-1.0-py3-none-any.whl",
  ])("%s: 404, and no such URL is ever fetched", async (path) => {
    const rig = await published();
    expect((await rig.get(path)).status).toBe(404);
    expect(rig.upstream.requests.filter((request) => !request.startsWith("GET https://upstream.test/simple/"))).toEqual(
      [],
    );
    expect(await stored()).toEqual([]);
  });

  test.each([
    "/files/",
    "/files/files.upstream.test/",
    "/files/files.upstream.test/a/",
    "/files/files.upstream.test//demo-1.0.tar.gz",
    "/files/files.upstream.test/a%2Fb/demo-1.0.tar.gz",
    "/files/files.upstream.test/a%5Cb/demo-1.0.tar.gz",
    "/files/files.upstream.test/%00/demo-1.0.tar.gz",
    "/files/files.upstream.test/%zz/demo-1.0.tar.gz",
    "/files/user:pw@evil.test/demo-1.0.tar.gz",
    `/files/files.upstream.test/${"a/".repeat(450)}demo-1.0.tar.gz`,
  ])("%s: 400, nothing fetched, nothing looked up", async (path) => {
    const rig = await published();
    const answer = await rig.get(path);
    expect([answer.status, answer.text()]).toEqual([400, expect.stringContaining("address")]);
    expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
  });

  test.each(["/files/files.upstream.test/../../simple/x.whl", "/files/files.upstream.test/%2e%2e/%2e%2e/x.whl"])(
    "%s: dot segments are resolved by the URL parser before any route",
    async (path) => {
      const rig = await published();
      expect((await rig.get(path)).status).toBeGreaterThanOrEqual(302);
      expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
    },
  );

  test("metadata that the page does not advertise is 404", async () => {
    const rig = await published({ filename: "demo-1.0.tar.gz", bytes: bytes(10) });
    expect((await rig.get(`${filePath("demo-1.0.tar.gz")}.metadata`)).status).toBe(404);
  });
});

describe("a page that is behind", () => {
  test("is checked once more for a file it does not list, and not again for half a minute", async () => {
    const rig = await published();
    await rig.page("demo");
    const younger: FakeFile = { filename: "demo-1.1-py3-none-any.whl", bytes: bytes(100) };
    await rig.upstream.publish("demo", [WHEEL, younger]);
    rig.wait(31_000);
    expect((await rig.get(filePath(younger.filename))).body).toEqual(younger.bytes);
    rig.forget();
    for (let n = 0; n < 5; n++) expect((await rig.get(filePath("demo-7.7-py3-none-any.whl"))).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });
});

describe("a store that fails", () => {
  const broken = (methods: string[]) =>
    new Proxy(env.FILES, {
      get: (target, property) =>
        methods.includes(String(property))
          ? () => Promise.reject(new Error("R2 is away"))
          : (Reflect.get(target, property) as (...args: unknown[]) => unknown).bind(target),
    });

  test.each([["get"], ["put"], ["get and put"]])("in %s breaks no download", async (methods) => {
    const rig = new Rig({}, { objects: broken(methods.split(" and ")) });
    await rig.upstream.publish("demo", [WHEEL]);
    expect((await rig.get(WHEEL_PATH)).body).toEqual(WHEEL.bytes);
  });

  test.each([["get"], ["put"], ["get and put"]])("in %s lets no wrong byte through", async (methods) => {
    const rig = new Rig({}, { objects: broken(methods.split(" and ")) });
    await rig.upstream.publish("demo", [{ ...WHEEL, entry: { hashes: { sha256: "0".repeat(64) } } }]);
    const { response, settled } = await rig.open(WHEEL_PATH);
    expect(await drain(response)).toMatchObject({ broken: true });
    await settled();
  });

  test("to read pages is no outage either", async () => {
    const kv = new Proxy(env.PAGES, { get: () => () => Promise.reject(new Error("KV is away")) });
    const rig = new Rig({}, { keyValue: kv });
    await rig.upstream.publish("demo", [WHEEL]);
    expect((await rig.page("demo")).status).toBe(200);
    expect((await rig.get(WHEEL_PATH)).body).toEqual(WHEEL.bytes);
  });
});
