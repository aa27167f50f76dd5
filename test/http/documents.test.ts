import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Rig } from "../support/rig.ts";

const DEMO = "https://upstream.test/pypi/demo/json";
const PATH = "/pypi/demo/json";
const GZIP = { "Accept-Encoding": "gzip" };
const ABSENT = "public, max-age=30";

const fileOf = (url: string, filename = "demo-1.0.tar.gz") => ({ filename, url, size: 3, unknown: ["kept"] });
const demo = {
  info: { name: "demo", version: "1.0" },
  last_serial: 42,
  releases: {
    "0.9": [],
    "1.0": [fileOf("https://files.upstream.test/packages/aa/bb/demo-1.0.tar.gz")],
  },
  urls: [
    fileOf("https://elsewhere.test/x/demo-1.0.tar.gz"),
    { url: 7 },
    { filename: "no-url" },
    { url: "https://u:p@x.test/" },
  ],
  vulnerabilities: [],
};

/** Offers a document, with an ETag that it answers 304 to. */
function offer(rig: Rig, url: string, value: unknown, headers: Record<string, string> = {}) {
  const etag = '"upstream"';
  rig.upstream.on(url, (request) =>
    request.headers.get("If-None-Match") === etag
      ? new Response(null, { status: 304 })
      : Response.json(value, { headers: { ETag: etag, ...headers } }),
  );
}

function offered(vars: Record<string, unknown> = {}) {
  const rig = new Rig(vars);
  offer(rig, DEMO, demo);
  return rig;
}

const parsed = (answer: { text: () => string }) => JSON.parse(answer.text()) as typeof demo;

describe("the JSON of a project", () => {
  test("is the upstream's, with its files' URLs leading here and all else as it was", async () => {
    const answer = await offered().get(PATH);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "application/json"]);
    expect(parsed(answer)).toEqual({
      ...demo,
      releases: { "0.9": [], "1.0": [fileOf("https://edge.test/packages/aa/bb/demo-1.0.tar.gz")] },
      urls: [
        fileOf("https://edge.test/packages/-/default/elsewhere.test/x/demo-1.0.tar.gz"),
        { url: 7 },
        { filename: "no-url" },
        { url: "https://x.test/" },
      ],
    });
  });

  test("passes the serial on, from the header or from the document", async () => {
    const rig = offered();
    offer(rig, "https://upstream.test/pypi/other/json", { last_serial: 1 }, { "X-PyPI-Last-Serial": "43" });
    const serials = [await rig.get(PATH), await rig.get("/pypi/other/json")];
    expect(serials.map(({ headers }) => headers.get("X-PyPI-Last-Serial"))).toEqual(["42", "43"]);
  });

  test("of a release has its own address", async () => {
    const rig = new Rig();
    offer(rig, "https://upstream.test/pypi/demo/1.0%2Bcpu/json", { urls: demo.urls });
    expect((await rig.get("/pypi/demo/1.0+cpu/json")).status).toBe(200);
    expect((await rig.get("/pypi/demo/1.0%2Bcpu/json")).status).toBe(200);
    expect(rig.upstream.requests).toHaveLength(1);
  });

  test("of a named index leads to that index", async () => {
    const rig = offered({ INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } } });
    const { releases } = parsed(await rig.get(`/team${PATH}`));
    expect(releases["1.0"]).toEqual([
      fileOf("https://edge.test/packages/-/team/files.upstream.test/packages/aa/bb/demo-1.0.tar.gz"),
    ]);
  });

  test("leads to the public address where there is one, and only then may caches keep it for all hosts", async () => {
    const own = await offered().get(PATH);
    const rig = offered({ PUBLIC_URL: "https://pypi.corp.example" });
    const shared = await rig.get(PATH);
    expect(shared.text()).toContain("https://pypi.corp.example/packages/aa/bb/");
    expect(shared.text()).not.toContain("edge.test");
    expect([own.headers.get("Cache-Control"), shared.headers.get("Cache-Control")]).toEqual([
      "private, no-cache",
      "public, max-age=60, no-transform",
    ]);
    expect(shared.headers.get("Cloudflare-CDN-Cache-Control")).toContain("stale-if-error=604800");
    expect(own.headers.get("ETag")).not.toBe(shared.headers.get("ETag"));
  });

  test("has a page's headers, is gzipped for clients that accept it, is 304 for its ETag, and has no body for HEAD", async () => {
    const rig = offered();
    const plain = await rig.get(PATH);
    const gzip = await rig.get(PATH, GZIP);
    const etag = gzip.headers.get("ETag") ?? "";
    expect([plain.headers.get("Vary"), plain.headers.get("Cache-Tag")]).toEqual(["Accept-Encoding", "project-demo"]);
    expect(etag).not.toBe(plain.headers.get("ETag"));
    const inflated = new Response(gzip.body).body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(inflated).text()).toBe(plain.text());
    const known = await rig.get(PATH, { ...GZIP, "If-None-Match": etag });
    expect([known.status, known.body.byteLength, known.headers.get("ETag")]).toEqual([304, 0, etag]);
    expect(known.headers.get("Last-Modified")).toBe(gzip.headers.get("Last-Modified"));
    const head = await rig.get(PATH, GZIP, "HEAD");
    expect([head.status, head.body.byteLength, head.headers.get("ETag")]).toEqual([200, 0, etag]);
  });

  test("is of another ETag once it has changed upstream", async () => {
    const rig = offered();
    const first = await rig.get(PATH);
    rig.upstream.on(DEMO, () => Response.json({ ...demo, last_serial: 44 }));
    rig.wait(601_000);
    const second = await rig.get(PATH);
    expect(second.headers.get("ETag")).not.toBe(first.headers.get("ETag"));
    expect(second.headers.get("X-PyPI-Last-Serial")).toBe("44");
  });
});

describe("a document is stored as a page is", () => {
  test("a warm document costs one KV read in a new isolate, and nothing right after", async () => {
    const rig = offered();
    await rig.get(PATH);
    rig.restart();
    rig.forget();
    await rig.get(PATH);
    await rig.get(PATH);
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "kv.getWithMetadata": 1 }, []]);
  });

  test("an unchanged one is checked with the upstream's validators and not written again", async () => {
    const rig = offered();
    await rig.get(PATH);
    rig.restart();
    rig.wait(601_000);
    rig.forget();
    expect((await rig.get(PATH)).status).toBe(200);
    await rig.get(PATH);
    expect(rig.upstream.requests).toEqual([`GET ${DEMO}`]);
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1, "cache.match": 1, "cache.put": 1 });
  });

  test("is served while the upstream is away, and 503 where it was never seen", async () => {
    const rig = offered();
    const first = await rig.get(PATH);
    rig.restart();
    rig.wait(90 * 24 * 3_600_000);
    rig.upstream.down = true;
    const stale = await rig.get(PATH);
    expect([stale.status, stale.text(), stale.headers.get("Cache-Status")]).toEqual([
      200,
      first.text(),
      "pypi-edge; hit; detail=stale-upstream-away",
    ]);
    const unseen = await rig.get("/pypi/unseen/json");
    expect([unseen.status, unseen.headers.get("Retry-After")]).toEqual([503, "1"]);
  });

  test("an absent one is 404 for a minute without asking again, and writes nothing", async () => {
    const rig = new Rig();
    for (let n = 0; n < 2; n++) {
      const answer = await rig.get("/pypi/nobody/json");
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([404, ABSENT]);
      expect(answer.text()).toContain("has no JSON API");
    }
    expect([rig.counts, rig.upstream.requests.length]).toEqual([{ "kv.getWithMetadata": 1 }, 1]);
    offer(rig, "https://upstream.test/pypi/nobody/json", {});
    rig.wait(60_000);
    expect((await rig.get("/pypi/nobody/json")).status).toBe(200);
  });

  test("a document that is deleted upstream is 404 here", async () => {
    const rig = offered();
    await rig.get(PATH);
    rig.upstream.on(DEMO, () => new Response(null, { status: 404 }));
    rig.wait(601_000);
    expect((await rig.get(PATH)).status).toBe(404);
    expect((await env.PAGES.list()).keys).toEqual([]);
  });

  test("validators longer than KV's metadata are done without", async () => {
    const rig = new Rig();
    offer(rig, DEMO, demo, { ETag: `"${"e".repeat(2_000)}"` });
    await rig.get(PATH);
    rig.restart();
    rig.forget();
    expect((await rig.get(PATH)).status).toBe(200);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("a store that fails breaks no answer", async () => {
    for (const operation of ["kv.getWithMetadata", "kv.put", "cache.match", "cache.put"]) {
      const rig = offered();
      rig.breakOnce(operation);
      expect((await rig.get(PATH)).status).toBe(200);
      rig.wait(601_000);
      expect((await rig.get(PATH)).status).toBe(200);
    }
  });

  test.each([
    ["no JSON", () => new Response("<html>")],
    ["cut JSON", () => new Response('{"info":{')],
    ["no object", () => Response.json([1])],
    ["nothing", () => new Response(null)],
    ["40 MB", () => new Response(" ".repeat(40_000_000))],
    ["a refusal", () => new Response("no", { status: 403 })],
    ["304 to an unconditional request", () => new Response(null, { status: 304 })],
    ["a redirect into the network we run in", () => Response.redirect("http://169.254.169.254/latest/", 302)],
  ])("an upstream that answers with %s: 503, and nothing stored", async (_what, answer) => {
    const rig = new Rig();
    rig.upstream.on(DEMO, answer);
    const { status, headers } = await rig.get(PATH);
    expect([status, headers.get("Cache-Control"), rig.counts]).toEqual([503, "no-store", { "kv.getWithMetadata": 1 }]);
  });
});

describe("addresses of documents", () => {
  test.each([
    ["/pypi/De.mo_X/json", "/pypi/de-mo-x/json"],
    ["/pypi/Demo/1.0%2Bcpu/json", "/pypi/demo/1.0%2Bcpu/json"],
    ["/team/pypi/Demo/json?x", "/team/pypi/demo/json?x"],
    ["/integrity/Demo/1.0/Demo-1.0.tar.gz/provenance", "/integrity/demo/1.0/Demo-1.0.tar.gz/provenance"],
  ])("%s is redirected to the normalised name, relatively", async (path, target) => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } } });
    const answer = await rig.get(path);
    const location = answer.headers.get("Location") ?? "";
    expect([answer.status, location]).toEqual([302, expect.stringMatching(/^\.\./)]);
    expect(new URL(location, `https://edge.test${path}`).href).toBe(`https://edge.test${target}`);
    expect(rig.upstream.requests).toEqual([]);
  });

  test.each([
    "/pypi/-demo/json",
    "/pypi/de%2Fmo/json",
    "/pypi/de%00mo/json",
    "/pypi/demo/1.0%2F..%2F2.0/json",
    "/pypi/demo/%2E%2E%2Fx/json",
    "/pypi/demo/1%000/json",
    `/pypi/demo/${"1".repeat(101)}/json`,
    "/integrity/demo/1.0/a%2Fdemo-1.0.tar.gz/provenance",
    "/integrity/demo/1.0%2F/demo-1.0.tar.gz/provenance",
  ])("%s is a 400, and no upstream is asked", async (path) => {
    const rig = new Rig();
    expect((await rig.get(path)).status).toBe(400);
    expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
  });

  test.each(["/pypi/demo", "/pypi/demo/1.0", "/pypi/demo/1.0/json/x", "/pypi/", "/integrity/demo/1.0/provenance"])(
    "%s is nothing",
    async (path) => {
      expect((await new Rig().get(path)).status).toBe(404);
    },
  );
});

describe("an index of several upstreams", () => {
  const TEAM = "https://upstream.test/team/simple/";
  const two = (first: Record<string, unknown> = { url: TEAM }) =>
    new Rig({
      UPSTREAMS: {
        team: first,
        pypi: { url: "https://upstream.test/simple/", files: "https://files.upstream.test/" },
      },
      INDEXES: { default: { sources: ["team", "pypi"] } },
    });

  test("answers from the one that owns the project by its page, though the other has a document as well", async () => {
    const rig = two();
    await rig.upstream.publish("demo", []);
    offer(rig, DEMO, { from: "pypi" });
    offer(rig, "https://upstream.test/team/pypi/demo/json", { from: "team" });
    expect((await rig.get(PATH)).text()).toContain('"from":"pypi"');
    rig.upstream.on(`${TEAM}demo/`, () => Response.json({ meta: {}, name: "demo", files: [] }));
    rig.wait(61_000);
    expect((await rig.get(PATH)).text()).toContain('"from":"team"');
  });

  test("has the page alone where the source that owns the project has no document", async () => {
    const rig = two();
    rig.upstream.on(`${TEAM}demo/`, () => Response.json({ meta: {}, name: "demo", files: [] }));
    offer(rig, DEMO, { from: "pypi" });
    expect(JSON.parse((await rig.get(PATH)).text())).toMatchObject({ info: { name: "demo" }, releases: {} });
    expect(rig.upstream.requests).not.toContain(`GET ${DEMO}`);
  });

  test("answers 503 while it is unknown which source owns the project", async () => {
    const rig = two();
    rig.upstream.on(`${TEAM}demo/`, () => new Response(null, { status: 500 }));
    await rig.upstream.publish("demo", []);
    offer(rig, DEMO, { from: "pypi" });
    expect((await rig.get(PATH)).status).toBe(503);
    expect(rig.upstream.requests).not.toContain(`GET ${DEMO}`);
  });

  test("is 404 for a project that no source owns", async () => {
    const rig = two();
    offer(rig, DEMO, { from: "pypi" });
    expect((await rig.get(PATH)).status).toBe(404);
  });

  test("has the page alone where that is one of links, which has no JSON API, and of a release none", async () => {
    const links = "https://upstream.test/links.html";
    const rig = two({ find_links: links });
    rig.upstream.on(
      links,
      () => new Response('<a href="demo-1.0.tar.gz">x</a>', { headers: { "Content-Type": "text/html" } }),
    );
    expect(Object.keys(parsed(await rig.get(PATH)).releases)).toEqual(["1.0"]);
    const answer = await rig.get("/pypi/demo/1.0/json");
    expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining(`${links} has no JSON API`)]);
  });
});
