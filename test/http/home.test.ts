import { describe, expect, test } from "vitest";
import { DATABASE_AWAY } from "../support/away.ts";
import { OPEN_TEAM, READER, TEAM, teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

describe("the page for a person", () => {
  test("sets up each client with the host name of the request, and is not stored by caches", async () => {
    const rig = new Rig();
    const home = await rig.get("/");
    const text = home.text();
    expect([home.status, home.headers.get("Cache-Control")]).toEqual([200, "private, no-cache"]);
    for (const client of [
      "pip install --index-url",
      "uv pip install --default-index",
      "poetry source add",
      "pdm config",
    ]) {
      expect(text).toMatch(new RegExp(`${client}[^<]* ?https://edge\\.test/simple/`));
    }
    expect(text).not.toMatch(/trusted-host|insecure/);
  });

  test("shows the public address where one is configured, and what plain http off loopback takes", async () => {
    const text = (await new Rig({ PUBLIC_URL: "http://pypi.corp.example:8787/" }).get("/")).text();
    expect(text).toContain("--index-url http://pypi.corp.example:8787/simple/ --trusted-host pypi.corp.example");
    expect(text).toContain("--allow-insecure-host pypi.corp.example:8787");
    expect(text).not.toContain("edge.test");
  });

  test("counts the stored projects once a minute, and leaves the count out while the database is away", async () => {
    const rig = new Rig();
    for (const project of ["one", "two"]) {
      await rig.upstream.publish(project, []);
      await rig.page(project);
    }
    expect((await rig.get("/")).text()).toMatch(/Stored projects<\/dt><dd>2</);
    await rig.upstream.publish("three", []);
    await rig.page("three");
    rig.forget();
    expect((await rig.get("/")).text()).toMatch(/<dd>2</);
    expect(rig.counts).toEqual({});
    rig.wait(60_000);
    expect((await rig.get("/")).text()).toMatch(/<dd>3</);
    expect((await new Rig({}, { database: DATABASE_AWAY }).get("/")).status).toBe(200);
  });
});

describe("the page of a team's index", () => {
  test("sets clients up with a token, except in a project's files, and shows how to publish", async () => {
    const text = (await new Rig(TEAM).get("/team/", READER)).text();
    expect(text).toContain("pip install --index-url https://__token__:TOKEN@edge.test/team/simple/ requests");
    expect(text).toContain("uv pip install --default-index https://__token__:TOKEN@edge.test/team/simple/ requests");
    expect(text).toMatch(/tool\.uv\.index[^<]*\nurl = &quot;https:\/\/edge\.test\/team\/simple\/&quot;/);
    expect(text).toContain("poetry config http-basic.pypi-edge __token__ TOKEN");
    expect(text).toContain("uv publish --publish-url https://edge.test/team/legacy/ --token TOKEN dist/*");
    expect(text).toContain("twine upload --repository-url https://edge.test/team/legacy/ -u __token__ -p TOKEN dist/*");
    expect(text).toContain("<b>team</b>");
  });

  test("shows where its files are listed, and the commands that create a token and upload", async () => {
    const text = (await new Rig(TEAM).get("/team/", READER)).text();
    expect(text).toContain('<a href="https://edge.test/team/find-links/">https://edge.test/team/find-links/</a>');
    expect(text).toContain("npx pypi-edge token create --index team --scope read,upload --url https://edge.test/<");
    expect(text).toContain("npx pypi-edge upload dist --index team --url https://edge.test/<");
    const corp = (await new Rig({ ...OPEN_TEAM, PUBLIC_URL: "https://pypi.corp.example" }).get("/team/")).text();
    expect(corp).toContain("--url https://pypi.corp.example/<");
  });

  test("names what hosts it where it takes no uploads itself", async () => {
    const over = { sources: ["team"], read: "token" };
    const rig = new Rig({ INDEXES: { ...TEAM.INDEXES, over } });
    const text = (await rig.get("/over/", READER)).text();
    expect(text).toContain(">https://edge.test/over/find-links/</a>");
    expect(text).not.toContain("npx pypi-edge");
  });

  test("is the target of the redirect from an address without its final slash, which caches must revalidate for an index that hosts", async () => {
    for (const [vars, lifetime] of [
      [OPEN_TEAM, "public, no-cache"],
      [{ INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } } }, "public, max-age=60"],
    ] as const) {
      const rig = new Rig(vars);
      for (const method of ["GET", "HEAD"]) {
        const { status, headers } = await rig.get("/team?from=a", {}, method);
        expect([status, headers.get("Location"), headers.get("Cache-Control")]).toEqual([
          302,
          "team/?from=a",
          lifetime,
        ]);
      }
      expect((await rig.get("/teem")).status).toBe(404);
    }
  });

  test("is not what the default index shows, which has neither tokens nor uploads", async () => {
    const text = (await new Rig(TEAM).get("/")).text();
    expect(text).not.toMatch(/TOKEN|legacy|twine|find-links|npx pypi-edge/);
    expect(text).toContain('<p class="lead">A Python package index that mirrors <b>upstream.test</b>. ');
  });

  test("names an index that needs a token only to clients that may read it", async () => {
    const closed = { sources: ["default"], hosted: true };
    const rig = new Rig(teamOf({}, { staging: closed, prod: closed }));
    const named = async (path: string, headers: Record<string, string> = {}) =>
      [
        ...(await rig.get(path, headers))
          .text()
          .matchAll(/<a href="https:\/\/edge\.test(\/(?!simple)(?:[a-z]+\/)?)">/g),
      ].map(([, it]) => it);
    const holder = async (grant: Parameters<typeof give>[1]) => bearer((await give(rig, grant)).text);
    const staging = await holder({ index: "staging" });
    expect(await named("/")).toEqual(["/team/"]);
    expect(await named("/team/")).toEqual(["/"]);
    expect(await named("/", READER)).toEqual(["/staging/", "/prod/", "/team/"]);
    expect(await named("/", staging)).toEqual(["/staging/", "/team/"]);
    expect(await named("/staging/", staging)).toEqual(["/", "/team/"]);
    expect(await named("/", await holder({ index: "*", scopes: ["read"] }))).toEqual(["/staging/", "/prod/", "/team/"]);
    expect(await named("/", await holder({ index: "prod", scopes: ["upload"] }))).toEqual(["/team/"]);
    expect(await named("/", bearer("something-else"))).toEqual(["/team/"]);
    expect(await named("/", bearer(`pypi-edge_${"0".repeat(16)}_${"0".repeat(43)}`))).toEqual(["/team/"]);
    expect((await rig.get("/nowhere")).text()).not.toMatch(/staging|prod/);
  });

  test("is there, with what is open, where a token cannot be looked up", async () => {
    const rig = new Rig(teamOf({}, { staging: { sources: [], hosted: true } }), { database: DATABASE_AWAY });
    const answer = await rig.get("/", bearer(`pypi-edge_${"0".repeat(16)}_${"0".repeat(43)}`));
    expect([answer.status, answer.text()]).toEqual([200, expect.not.stringContaining("staging")]);
  });

  test("is there where it has no upstream", async () => {
    const rig = new Rig({
      INDEXES: { default: { sources: ["pypi"] }, own: { sources: [], hosted: true, read: "anyone" } },
    });
    const text = (await rig.get("/own/")).text();
    expect(text).toContain("<b>own</b>");
    expect(text).not.toMatch(/<b><\/b>|__token__:TOKEN@/);
    expect((await rig.get("/own/simple/", { Accept: "application/vnd.pypi.simple.v1+json" })).text()).toContain(
      '"projects":[\n\n]',
    );
    expect((await rig.get("/own/simple/demo/")).status).toBe(404);
    expect((await rig.get("/own/files/files.upstream.test/packages/demo-1.0.tar.gz")).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });
});
