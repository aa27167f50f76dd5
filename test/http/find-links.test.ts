import { describe, expect, test } from "vitest";
import { host, OPEN_TEAM, setStatus, teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";

/** The links on a page, as `href text`. */
const linksOn = (html: string) =>
  [...html.matchAll(/<a href="([^"]+)"[^>]*>([^<]+)<\/a>/g)].map(([, href, text]) => ({ href, text }));

describe("the page of links", () => {
  test("leads to every hosted file, projects by name", async () => {
    const rig = new Rig(OPEN_TEAM);
    const zeta = await host("zeta", "zeta-1.0.tar.gz");
    const acme = await host("acme", "acme-1.0+local-py3-none-any.whl", { metadata: "Name: acme\n" });
    await host("acme", "acme-0.9.tar.gz", { deleted: true });
    rig.forget();
    const answer = await rig.get("/team/find-links/");
    expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    // The names, and their files.
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    const links = linksOn(answer.text());
    expect(links).toEqual([
      { href: `..${acme.path}#sha256=${acme.sha256}`, text: "acme-1.0+local-py3-none-any.whl" },
      { href: `..${zeta.path}#sha256=${zeta.sha256}`, text: "zeta-1.0.tar.gz" },
    ]);
    for (const { href = "" } of links) {
      const { pathname } = new URL(href, "https://edge.test/team/find-links/");
      expect((await rig.get(pathname)).status).toBe(200);
    }
    expect(rig.upstream.requests).toEqual([]);
  });

  test("lists what clients need to know of each file, escaped", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0-py3-none-any.whl", {
      requiresPython: ">=3.9,<4",
      yanked: '"><script>',
      metadata: "x",
    });
    const html = (await rig.get("/team/find-links/")).text();
    expect(html).toContain('data-requires-python="&gt;=3.9,&lt;4"');
    expect(html).toContain('data-yanked="&quot;&gt;&lt;script&gt;"');
    expect(html).toContain("data-core-metadata=");
    expect(html).not.toContain("<script>");
  });

  test("has of two indexes what the upper one shows", async () => {
    const base = { sources: ["pypi"], hosted: true, read: "anyone" };
    const rig = new Rig(teamOf({ sources: ["base"] }, { base }));
    await host("demo", "demo-1.0.tar.gz", { index: "base" });
    await host("demo", "demo-2.0.tar.gz");
    await host("other", "other-1.0.tar.gz", { index: "base" });
    await host("bad", "bad-1.0.tar.gz");
    await setStatus("bad", "quarantined");
    const names = async (path: string) => linksOn((await rig.get(path)).text()).map(({ text }) => text);
    expect(await names("/team/find-links/")).toEqual(["demo-2.0.tar.gz", "other-1.0.tar.gz"]);
    expect(await names("/base/find-links/")).toEqual(["demo-1.0.tar.gz", "other-1.0.tar.gz"]);
  });

  test.each(["/team/find-links", "/team//find-links/", "/team/find-links//"])("%s leads to it", async (path) => {
    const answer = await new Rig(OPEN_TEAM).get(path);
    const target = new URL(answer.headers.get("Location") ?? "", `https://edge.test${path}`);
    expect([answer.status, target.pathname]).toEqual([302, "/team/find-links/"]);
  });

  test("exists for a default index that hosts, and for no other", async () => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], hosted: true, read: "anyone" } } });
    const hosted = await host("acme", "acme-1.0.tar.gz", { index: "default" });
    expect(linksOn((await rig.get("/find-links/")).text())).toHaveLength(1);
    expect((await rig.get(hosted.path)).status).toBe(200);
    expect((await new Rig(OPEN_TEAM).get("/find-links/")).status).toBe(404);
  });
});

describe("what hatch looks at before it uploads", () => {
  test("are the files that the index hosts itself, at once, and no upstream's", async () => {
    const base = { sources: ["pypi"], hosted: true, read: "anyone" };
    const rig = new Rig(teamOf({ sources: ["base"], merge: ["acme"] }, { base }));
    await rig.upstream.publish("acme", [{ filename: "acme-0.8.tar.gz", bytes: new Uint8Array(1) }]);
    await host("acme", "acme-0.9.tar.gz", { index: "base" });
    const own = await host("acme", "acme-1.0.tar.gz");
    const answer = await rig.get("/team/legacy/+simple/acme/");
    expect([answer.status, rig.upstream.requests]).toEqual([200, []]);
    expect(linksOn(answer.text())).toEqual([
      { href: `../../..${own.path}#sha256=${own.sha256}`, text: "acme-1.0.tar.gz" },
    ]);
    expect((await rig.get("/team/legacy/+simple/other/")).status).toBe(404);
  });
});

describe("the address that a client prints for what it has published", () => {
  test.each([
    // hatch
    ["/team/legacy/acme/1.0/", "/team/project/acme/1.0/"],
    ["/team/legacy/acme/1.0+local.1/?a=b", "/team/project/acme/1.0+local.1/?a=b"],
    // flit, with an address without its last slash
    ["/team/legacy/Acme", "/team/project/Acme/"],
  ])("%s leads to the page of it, wherever the server is below its proxy", async (path, page) => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0.tar.gz");
    for (const method of ["GET", "HEAD"]) {
      const { response, settled } = await rig.open(path, { method });
      await response.body?.cancel();
      await settled();
      const location = new URL(response.headers.get("Location") ?? "", `https://edge.test/below${path}`);
      expect([response.status, location.pathname + location.search]).toEqual([302, `/below${page}`]);
    }
    expect((await rig.get("/team/project/acme/1.0/")).status).toBe(200);
  });

  test("says nothing of what there is to a client that may not read the index", async () => {
    const rig = new Rig(teamOf({ read: "token" }));
    await host("acme", "acme-1.0.tar.gz");
    const [there, absent] = [await rig.get("/team/legacy/acme/1.0/"), await rig.get("/team/legacy/nope/1.0/")];
    expect([there.status, absent.status]).toEqual([302, 302]);
    expect((await rig.get("/team/project/acme/1.0/")).status).toBe(401);
    expect((await rig.get("/team/project/nope/1.0/")).status).toBe(401);
  });

  test.each([
    "/legacy/acme/1.0/",
    "/nope/legacy/acme/1.0/",
    "/team/legacy/-acme/1.0/",
    "/team/legacy/acme/1.0/more",
    "/team/legacy//acme/",
    "/team/legacy/+simple/",
    "/team/@pre=no/legacy/acme/1.0/",
  ])("%s is no such address", async (path) => {
    expect((await new Rig(OPEN_TEAM).get(path)).status).toBe(404);
  });
});

describe("an index that hosts and that anyone may read", () => {
  test.each([
    ["/simple/acme/", 200],
    ["/simple/demo/", 200],
    ["/simple/absent/", 404],
    ["/simple/Acme/", 302],
    ["/pypi/absent/json", 404],
    ["/find-links/", 200],
    ["/legacy/+simple/acme/", 200],
  ])("has no cache keep %s: an upload is seen at once", async (path, status) => {
    const rig = new Rig(OPEN_TEAM);
    await rig.upstream.publish("demo", []);
    await host("acme", "acme-1.0.tar.gz");
    const answer = await rig.get(`/team${path}`);
    const lifetimes = ["Cache-Control", "Cloudflare-CDN-Cache-Control"].map((header) => answer.headers.get(header));
    expect([answer.status, ...lifetimes]).toEqual([status, "public, no-cache", "no-store"]);
  });

  test("lets clients ask whether a page has changed", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0.tar.gz");
    const first = await rig.get("/team/simple/acme/");
    const known = { "If-None-Match": first.headers.get("ETag") ?? "" };
    const unchanged = await rig.get("/team/simple/acme/", known);
    expect([unchanged.status, unchanged.headers.get("Cloudflare-CDN-Cache-Control")]).toEqual([304, "no-store"]);
    await host("acme", "acme-1.1.tar.gz");
    expect((await rig.get("/team/simple/acme/", known)).status).toBe(200);
  });
});
