import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream, type FakeFile } from "../support/upstream.ts";

const WHEEL: FakeFile = {
  filename: "demo-1.0-py3-none-any.whl",
  bytes: new Uint8Array(5_000).fill(5),
  metadata: "Name: demo\n",
};
const URL_OF_WHEEL = `${FakeUpstream.FILES}${WHEEL.filename}`;
const PAGE = `${FakeUpstream.INDEX}demo/`;

async function published(entry?: Record<string, unknown>) {
  const rig = new Rig();
  await rig.upstream.publish("demo", [entry ? { ...WHEEL, entry } : WHEEL]);
  return rig;
}

const stored = async () => (await env.FILES.list()).objects.length;

describe("an upstream that answers something else than was requested", () => {
  test.each([
    ["an empty 200", () => new Response("", { headers: { "Content-Length": "0" } })],
    ["a 200 without a body", () => new Response(null)],
    ["304", () => new Response(null, { status: 304 })],
    ["206", () => new Response("part", { status: 206, headers: { "Content-Range": "bytes 0-3/5000" } })],
  ])("with %s: no file, no metadata, and nothing stored", async (_what, answer) => {
    for (const entry of [undefined, { size: null }, { size: null, hashes: {} }]) {
      const rig = await published(entry);
      rig.upstream.on(URL_OF_WHEEL, answer);
      rig.upstream.on(`${URL_OF_WHEEL}.metadata`, answer);
      for (const path of [filePath(WHEEL.filename), `${filePath(WHEEL.filename)}.metadata`]) {
        expect((await rig.get(path)).status).toBe(503);
      }
    }
    expect(await stored()).toBe(0);
  });

  test("304 to an unconditional request for a page or the listing is its failure, not ours", async () => {
    const rig = new Rig();
    for (const url of [PAGE, FakeUpstream.INDEX]) rig.upstream.on(url, () => new Response(null, { status: 304 }));
    expect([(await rig.page("demo")).status, (await rig.get("/simple/")).status]).toEqual([503, 503]);
  });
});

describe("an upstream that is away", () => {
  test("does not make a file absent that a stored page does not list: it may be younger", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.wait(3_600_000);
    rig.upstream.down = true;
    expect((await rig.get(filePath("demo-2.0-py3-none-any.whl"))).status).toBe(503);
  });
});

describe("what an upstream writes", () => {
  test.each(["a\nb", "x".repeat(1_200), { a: 1 }, 1.5])(
    "as a serial (%j) does not reach headers or metadata",
    async (serial) => {
      const rig = await published();
      await rig.upstream.publish("demo", [WHEEL], { meta: { "api-version": "1.1", "_last-serial": serial } });
      const first = await rig.page("demo");
      rig.restart();
      rig.upstream.down = true;
      const again = await rig.page("demo");
      expect([first.status, first.headers.get("X-PyPI-Last-Serial"), again.status]).toEqual([200, null, 200]);
    },
  );

  test("as a malformed digest is dropped, and valid ones beside it stay", async () => {
    const good = (await (await published()).page("demo")).json?.files[0]?.["hashes"] as { sha256: string };
    const rig = await published({ hashes: { ...good, md5: null, sha1: "a\r\nb", sha512: "ab" } });
    const { json } = await rig.page("demo");
    expect(json?.files[0]?.["hashes"]).toEqual(good);
    expect((await rig.get(filePath(WHEEL.filename))).headers.get("ETag")).toBe(`"${good.sha256}"`);
  });

  test("as an upper-case digest of the metadata is the same digest", async () => {
    const plain = (await (await published()).page("demo")).json?.files[0]?.["core-metadata"] as { sha256: string };
    const rig = await published({ "core-metadata": { sha256: plain.sha256.toUpperCase() } });
    expect((await rig.get(`${filePath(WHEEL.filename)}.metadata`)).text()).toBe(WHEEL.metadata);
  });

  test("as addresses of which none may be fetched is a failure, not a project without releases", async () => {
    const rig = await published({ url: "http://files.upstream.test/packages/demo.whl" });
    const { status, text } = await rig.page("demo");
    expect([status, text()]).toEqual([503, expect.stringContaining("none of the 1 files")]);
  });

  test("as a log-in page in place of the root listing is refused", async () => {
    const rig = new Rig();
    rig.upstream.on(
      FakeUpstream.INDEX,
      () => new Response('<a href="/login">login</a>', { headers: { "Content-Type": "text/html" } }),
    );
    expect((await rig.get("/simple/")).status).toBe(503);
  });

  test("as a listing cut behind an inner bracket is refused", async () => {
    const rig = new Rig();
    rig.upstream.on(
      FakeUpstream.INDEX,
      () => new Response('{"projects":[{"name":"a","x":[1]}', { headers: { "Content-Type": JSON_TYPE } }),
    );
    expect((await rig.get("/simple/")).status).toBe(503);
  });
});

describe("many at once", () => {
  test("write a page once and a file once, although each reads from upstream", async () => {
    const rig = await published();
    const pages = await Promise.all(
      Array.from({ length: 10 }, () => rig.open("/simple/demo/", { headers: { Accept: JSON_TYPE } })),
    );
    await Promise.all(pages.map(async ({ response, settled }) => [await response.arrayBuffer(), await settled()]));
    const files = await Promise.all(Array.from({ length: 10 }, () => rig.open(filePath(WHEEL.filename))));
    const bodies = await Promise.all(files.map(({ response }) => response.arrayBuffer()));
    await Promise.all(files.map(({ settled }) => settled()));
    expect(bodies.every((body) => body.byteLength === WHEEL.bytes.byteLength)).toBe(true);
    expect([rig.counts["kv.put"], rig.counts["r2.put"]]).toEqual([1, 1]);
  });

  test("an unlisted file of a cold page fetches and writes that page once", async () => {
    const rig = await published();
    expect((await rig.get(filePath("demo-9.9-py3-none-any.whl"))).status).toBe(404);
    expect([rig.upstream.requests.length, rig.counts["kv.put"]]).toEqual([1, 1]);
  });
});

describe("a store that fails", () => {
  test("leaves the root listing to the upstream", async () => {
    const r2 = new Proxy(env.FILES, { get: () => () => Promise.reject(new Error("R2 is away")) });
    const rig = new Rig({}, { objects: r2 });
    rig.upstream.on(FakeUpstream.INDEX, () => Response.json({ meta: {}, projects: [{ name: "demo" }] }));
    const answer = await rig.get("/simple/", { Accept: JSON_TYPE });
    expect([answer.status, answer.text()]).toEqual([200, expect.stringContaining('{"name":"demo"}')]);
  });
});

test.each(['evil"><script>', "host/x?y", "a b", "user@host"])("a Host of %j is a 400", async (host) => {
  const rig = new Rig();
  expect((await rig.get("/", { Host: host })).status).toBe(400);
});
