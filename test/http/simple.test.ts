import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const SDIST = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array([1, 2, 3]) };
const PIP = `${JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01`;

async function published(vars: Record<string, string> = {}) {
  const rig = new Rig(vars);
  await rig.upstream.publish("demo", [SDIST]);
  return rig;
}

describe("negotiation", () => {
  test.each([
    ["pip and pdm", PIP, JSON_TYPE],
    ["uv", `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01`, JSON_TYPE],
    ["poetry", `${JSON_TYPE}, */*;q=0.1`, JSON_TYPE],
    ["who asks for the latest", "application/vnd.pypi.simple.latest+json", JSON_TYPE],
    ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"],
    ["curl", "*/*", "text/html; charset=utf-8"],
    ["nothing known", "image/png", "text/html; charset=utf-8"],
    ["a tie", `text/html, ${JSON_TYPE}`, JSON_TYPE],
    ["JSON refused", `${JSON_TYPE};q=0, text/html;q=0.1`, "text/html; charset=utf-8"],
  ])("answers %s", async (_who, accept, type) => {
    const rig = await published();
    const answer = await rig.get("/simple/demo/", { Accept: accept });
    expect(answer.headers.get("Content-Type")).toBe(type);
    expect(answer.headers.get("Vary")).toBe("Accept, Accept-Encoding");
  });

  test("a request without Accept is answered with HTML, as PyPI does", async () => {
    const rig = await published();
    expect((await rig.get("/simple/demo/")).headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  });

  test("?format= overrides Accept, and an unknown one is a 400 that lists the known ones", async () => {
    const rig = await published();
    const html = await rig.get("/simple/demo/?format=application/vnd.pypi.simple.v1%2Bhtml", { Accept: PIP });
    expect(html.headers.get("Content-Type")).toBe("application/vnd.pypi.simple.v1+html; charset=utf-8");
    const wrong = await rig.get("/simple/demo/?format=xml");
    expect([wrong.status, wrong.text()]).toEqual([400, expect.stringContaining(JSON_TYPE)]);
  });

  test.each([
    ["application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.v1+html; charset=utf-8"],
    ["application/vnd.pypi.simple.v1%2Bjson", "application/vnd.pypi.simple.v1+json"],
    ["application/vnd.pypi.simple.latest+json", "application/vnd.pypi.simple.v1+json"],
    ["Text/HTML", "text/html; charset=utf-8"],
  ])("?format=%s names its type, a + that is not escaped included", async (format, type) => {
    const rig = await published();
    const answer = await rig.get(`/simple/demo/?format=${format}`);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, type]);
  });

  test.each(["constructor", "__proto__", "toString", "", "text/html+json"])(
    "?format=%s is no type, and neither is such an Accept",
    async (name) => {
      const rig = await published();
      expect((await rig.get(`/simple/demo/?format=${name}`)).status).toBe(400);
      const answer = await rig.get("/simple/demo/", { Accept: `${name}, ${JSON_TYPE};q=0.5` });
      expect(answer.headers.get("Content-Type")).toBe(JSON_TYPE);
    },
  );
});

describe("a project's page", () => {
  test("has relative URLs, no nulls, the upstream's serial, and version 1.4 where all sizes are known", async () => {
    const rig = await published();
    const { json, headers } = await rig.page("demo");
    expect(json?.meta).toMatchObject({ "api-version": "1.4", "_last-serial": 7 });
    expect(json?.files[0]?.["url"]).toBe("../../files/files.upstream.test/packages/demo-1.0.tar.gz");
    expect(headers.get("X-PyPI-Last-Serial")).toBe("7");
    expect(JSON.stringify(json)).not.toContain("null");
  });

  test("declares 1.0 and leaves the key out where a size is not known", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [{ ...SDIST, entry: { size: null, "upload-time": null, yanked: null } }]);
    const { json } = await rig.page("demo");
    expect(json?.meta["api-version"]).toBe("1.0");
    expect(Object.keys(json?.files[0] ?? {})).toEqual(["filename", "url", "hashes"]);
  });

  test("is sent gzipped to clients that accept it and plain to others, under two ETags", async () => {
    const rig = await published();
    const plain = await rig.get("/simple/demo/", { Accept: PIP });
    const { response, settled } = await rig.open("/simple/demo/", {
      headers: { Accept: PIP, "Accept-Encoding": "gzip" },
    });
    expect(response.headers.get("Content-Encoding")).toBe("gzip");
    const bytes = new Uint8Array(await response.arrayBuffer());
    await settled();
    expect([bytes[0], bytes[1]]).toEqual([0x1f, 0x8b]);
    const inflated = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(inflated).text()).toBe(plain.text());
    expect(response.headers.get("ETag")).not.toBe(plain.headers.get("ETag"));
    expect(response.headers.get("ETag")).toMatch(/^"[^"]+"$/);
  });

  test("is 304 for its ETag, strong or weak, and for its date; each repeats the validators", async () => {
    const rig = await published();
    const first = await rig.get("/simple/demo/", { Accept: PIP });
    const etag = first.headers.get("ETag") ?? "";
    const date = first.headers.get("Last-Modified") ?? "";
    const conditions = [
      { "If-None-Match": etag },
      { "If-None-Match": `"x", W/${etag}` },
      { "If-Modified-Since": date },
    ];
    for (const condition of conditions) {
      const answer = await rig.get("/simple/demo/", { Accept: PIP, ...condition });
      expect([answer.status, answer.body.byteLength]).toEqual([304, 0]);
      expect([answer.headers.get("ETag"), answer.headers.get("Last-Modified")]).toEqual([etag, date]);
    }
    expect((await rig.get("/simple/demo/", { Accept: PIP, "If-None-Match": '"other"' })).status).toBe(200);
  });

  test("answers HEAD with GET's headers and no body", async () => {
    const rig = await published();
    const get = await rig.get("/simple/demo/", { Accept: PIP });
    const head = await rig.get("/simple/demo/", { Accept: PIP }, "HEAD");
    expect([head.status, head.body.byteLength, head.headers.get("ETag")]).toEqual([200, 0, get.headers.get("ETag")]);
  });

  test("has lifetimes for clients and for the edge, and its cache tag", async () => {
    const rig = await published();
    const { headers } = await rig.get("/simple/demo/");
    expect(headers.get("Cache-Control")).toBe("public, max-age=60, no-transform");
    expect(headers.get("Cloudflare-CDN-Cache-Control")).toContain("stale-if-error=604800");
    expect(headers.get("Cache-Tag")).toBe("project-demo");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  test("escapes what came from upstream in HTML", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [
      { ...SDIST, entry: { yanked: '"><script>alert(1)</script>', "requires-python": ">=3.8" } },
    ]);
    const html = (await rig.get("/simple/demo/")).text();
    expect(html).toContain('data-requires-python="&gt;=3.8"');
    expect(html).not.toContain("<script>");
  });
});

describe("addresses", () => {
  test.each([
    ["/simple/demo", "../simple/demo/"],
    ["/simple/Demo/", "../../simple/demo/"],
    ["/simple/De.m_o/?format=text/html", "../../simple/de-m-o/?format=text/html"],
    ["/simple//demo/", "../../../simple/demo/"],
    ["//simple/demo/", "../../../simple/demo/"],
    ["/simple", "simple/"],
  ])("%s is redirected, relatively and temporarily", async (path, location) => {
    const rig = new Rig();
    const answer = await rig.get(path);
    expect([answer.status, answer.headers.get("Location")]).toEqual([302, location]);
    const target = new URL(location, `https://edge.test${path.startsWith("//") ? "/" : ""}${path}`).pathname;
    expect(target.replace(/^\/\//, "/")).toBe(location.replace(/^(?:\.\.\/)*/, "/").replace(/\?.*/, ""));
    expect(rig.upstream.requests).toEqual([]);
  });

  test.each([
    ["/simple/-demo/", "is not a project name"],
    ["/simple/de%00mo/", "is not a project name"],
    ["/simple/de%2Fmo/", "is not a project name"],
    [`/simple/${"a".repeat(201)}/`, "is not a project name"],
    [`/simple/demo/?${"q".repeat(1_025)}`, "query is longer"],
    [`/simple/${"a/".repeat(1_100)}`, "path is longer"],
  ])("%s is a 400 with a sentence, and no upstream is asked", async (path, sentence) => {
    const rig = new Rig();
    const answer = await rig.get(path);
    expect([answer.status, answer.text()]).toEqual([400, expect.stringContaining(sentence)]);
    expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
  });

  test("an Accept header of kilobytes is a 400; garbage in a short one is answered", async () => {
    const rig = await published();
    expect((await rig.get("/simple/demo/", { Accept: "a/b,".repeat(1_000) })).status).toBe(400);
    expect((await rig.get("/simple/demo/", { Accept: ";;q=,,=/;" })).status).toBe(200);
  });

  test("an unknown address, an unknown method and an unknown project have different answers", async () => {
    const rig = new Rig();
    const nothing = await rig.get("/nothing/here");
    expect([nothing.status, nothing.text()]).toEqual([404, expect.stringMatching(/listed at \/\.$/m)]);
    const method = await rig.get("/simple/demo/", {}, "DELETE");
    expect([method.status, method.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
    const unknown = await rig.page("demo");
    expect([unknown.status, unknown.headers.get("Content-Type")]).toEqual([404, "application/problem+json"]);
    expect([unknown, method].map(({ headers }) => headers.get("X-Content-Type-Options"))).toEqual([
      "nosniff",
      "nosniff",
    ]);
    expect(unknown.headers.get("Cache-Control")).toBe("public, max-age=30");
    expect(method.headers.get("Cache-Control")).toBe("no-store");
    expect(JSON.parse(unknown.text())).toMatchObject({
      status: 404,
      detail: expect.stringContaining("no project demo"),
    });
  });
});

describe("the root listing", () => {
  const names = {
    meta: { "api-version": "1.1" },
    projects: [{ name: "Demo_One" }, { name: "two" }, { name: "<bad>" }],
  };
  const offer = (rig: Rig, body: string) =>
    rig.upstream.on(FakeUpstream.INDEX, (request) =>
      request.headers.get("If-None-Match") === '"root"'
        ? new Response(null, { status: 304 })
        : new Response(body, { headers: { "Content-Type": JSON_TYPE, "X-PyPI-Last-Serial": "99", ETag: '"root"' } }),
    );

  test("is the upstream's, in JSON and HTML, from one request an hour", async () => {
    const rig = new Rig();
    offer(rig, JSON.stringify(names));
    const json = await rig.get("/simple/", { Accept: JSON_TYPE });
    expect(JSON.parse(json.text())).toEqual({
      meta: { "api-version": "1.4", "_last-serial": 99 },
      projects: [{ name: "demo-one" }, { name: "two" }],
    });
    expect(json.headers.get("X-PyPI-Last-Serial")).toBe("99");
    const html = (await rig.get("/simple/")).text();
    expect(html.match(/<a .*>/g)).toEqual(['<a href="demo-one/">demo-one</a><br>', '<a href="two/">two</a><br>']);
    expect(rig.upstream.requests).toHaveLength(1);
    rig.wait(3_601_000);
    rig.forget();
    expect((await rig.get("/simple/", { Accept: JSON_TYPE })).text()).toBe(json.text());
    expect([rig.upstream.requests.length, rig.counts["r2.put"]]).toEqual([1, undefined]);
  });

  test("has its serial where the upstream sends it in the listing only", async () => {
    const rig = new Rig();
    rig.upstream.on(FakeUpstream.INDEX, () =>
      Response.json({
        meta: { "_last-serial": 99, "api-version": "1.4" },
        projects: [{ name: "one", "_last-serial": 5 }],
      }),
    );
    const { headers, text } = await rig.get("/simple/", { Accept: JSON_TYPE });
    expect(headers.get("X-PyPI-Last-Serial")).toBe("99");
    expect(JSON.parse(text())).toMatchObject({ meta: { "_last-serial": 99 }, projects: [{ "_last-serial": 5 }] });
  });

  test("has each project's serial where the upstream sends it: a mirror leaves out a project without one", async () => {
    const rig = new Rig();
    offer(
      rig,
      '{"meta":{"_last-serial":99},"projects":[{"_last-serial": 5,"name":"one"},{"name":"two","_last-serial":7}]}',
    );
    const listing = async () => JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as unknown;
    const projects = [
      { name: "one", "_last-serial": 5 },
      { name: "two", "_last-serial": 7 },
    ];
    expect(await listing()).toMatchObject({ projects });
    rig.restart();
    expect(await listing()).toMatchObject({ projects });
    expect((await rig.get("/simple/")).text()).toContain('<a href="one/">one</a>');
  });

  test("is read from HTML where the upstream has no JSON", async () => {
    const rig = new Rig();
    rig.upstream.on(
      FakeUpstream.INDEX,
      () => new Response('<a href="/simple/x/">X</a><a href="y/">y</a>', { headers: { "Content-Type": "text/html" } }),
    );
    const { projects } = JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as { projects: unknown };
    expect(projects).toEqual([{ name: "x" }, { name: "y" }]);
  });

  test.each([
    ["cut in a name", '{"meta":{},"projects":[{"name":"a"},{"na'],
    ["cut behind a name", '{"meta":{},"projects":[{"name":"a"}'],
    ["no listing", "<html>"],
  ])("%s: refused and not stored", async (_how, body) => {
    const rig = new Rig();
    offer(rig, body);
    expect((await rig.get("/simple/", { Accept: JSON_TYPE })).status).toBe(503);
    offer(rig, JSON.stringify(names));
    expect((await rig.get("/simple/", { Accept: JSON_TYPE })).status).toBe(200);
  });

  test("is served from the store while the upstream is away", async () => {
    const rig = new Rig();
    offer(rig, JSON.stringify(names));
    const first = await rig.get("/simple/", { Accept: JSON_TYPE });
    rig.upstream.down = true;
    rig.wait(24 * 3_600_000);
    const later = await rig.get("/simple/", { Accept: JSON_TYPE });
    expect([later.status, later.text()]).toEqual([200, first.text()]);
  });
});
