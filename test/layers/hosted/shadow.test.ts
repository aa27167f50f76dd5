import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filesOn, host, OPEN_TEAM, pageIn, setStatus, teamOf } from "../../support/hosted.ts";
import { filePath, JSON_TYPE, Rig, VARS } from "../../support/rig.ts";
import { FakeUpstream } from "../../support/upstream.ts";

const WHEEL = "acme_tools-1.0-py3-none-any.whl";
const THEIRS = new TextEncoder().encode("not the team's");

/** A team's index of which somebody has taken a name upstream, with files of the very same names and a higher version. */
async function confused(vars: Record<string, unknown> = OPEN_TEAM) {
  const rig = new Rig(vars);
  const names = [WHEEL, "acme_tools-9.9-py3-none-any.whl", "acme-tools-1.0.tar.gz"];
  const files = names.map((filename) => ({ filename, bytes: THEIRS, metadata: "Name: acme-tools\n", ranges: true }));
  await rig.upstream.publish("acme-tools", files);
  rig.upstream.on("https://upstream.test/pypi/acme-tools/json", () => Response.json({ info: {}, releases: {} }));
  const hosted = await host("acme-tools", WHEEL, { metadata: "Name: acme-tools\n" });
  return { rig, hosted };
}

/** Each way to the files of whoever took the name. */
const WAYS: readonly [way: string, path: string, init?: { method?: string; headers?: Record<string, string> }][] = [
  ["a wheel", filePath("acme_tools-9.9-py3-none-any.whl")],
  ["a wheel of the same name", filePath(WHEEL)],
  ["an sdist", filePath("acme-tools-1.0.tar.gz")],
  ["metadata", `${filePath(WHEEL)}.metadata`],
  ["its facts", filePath(WHEEL), { method: "HEAD" }],
  ["a part", filePath(WHEEL), { headers: { Range: "bytes=0-3" } }],
  ["the last part", filePath(WHEEL), { headers: { Range: "bytes=-3", "If-Range": '"x"' } }],
  ["the mirror's path", `/packages/${WHEEL}`],
  ["an escaped spelling", filePath(WHEEL).replace("acme_tools", "%61cme%5Ftools")],
  ["a capital host", filePath(WHEEL).replace("files.upstream.test", "FILES.upstream.test")],
];

describe("a hosted name", () => {
  test.each(["acme-tools", "Acme_Tools", "acme.tools", "ACME--tools", "acme%2Dtools", "acme-._tools"])(
    "spelled %s is the team's, and no upstream is asked",
    async (spelling) => {
      const { rig } = await confused();
      let answer = await rig.get(`/team/simple/${spelling}/`, { Accept: JSON_TYPE });
      if (answer.status === 302) {
        const target = new URL(answer.headers.get("Location") ?? "", `https://edge.test/team/simple/${spelling}/`);
        answer = await rig.get(target.pathname, { Accept: JSON_TYPE });
      }
      expect(answer.status).toBe(200);
      expect(filesOn({ json: JSON.parse(answer.text()) as never })).toEqual([WHEEL]);
      expect(rig.upstream.requests).toEqual([]);
    },
  );

  test.each(["acme‐tools", "ａcme-tools", "acme-tools\u200b", "acmé-tools"])(
    "that looks like it (%s) is not a valid name",
    async (spelling) => {
      const { rig } = await confused();
      const answer = await rig.get(`/team/simple/${encodeURIComponent(spelling)}/`);
      expect([answer.status, rig.upstream.requests]).toEqual([400, []]);
    },
  );

  test.each(WAYS)("has no file of somebody else's: %s", async (_way, path, init = {}) => {
    const { rig } = await confused();
    // They are there in the index below, stored.
    expect((await rig.get(path)).status).toBe(200);
    rig.forget();
    const answer = await rig.get(`/team${path}`, init.headers, init.method);
    expect([answer.status, rig.upstream.requests]).toEqual([404, []]);
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
    expect((await rig.get(`/team${path}`)).text()).toContain("This index hosts acme-tools itself");
  });

  test.each([
    "/pypi/Acme_Tools/1.0/json",
    `/integrity/acme-tools/1.0/${WHEEL}/provenance`,
    "/integrity/acme-tools/9.9/acme_tools-9.9-py3-none-any.whl/provenance",
  ])("has no document of an upstream: %s", async (path) => {
    const { rig } = await confused();
    let answer = await rig.get(`/team${path}`);
    if (answer.status === 302) answer = await rig.get(`/team${path.replace("Acme_Tools", "acme-tools")}`);
    expect([answer.status, rig.upstream.requests]).toEqual([404, []]);
    expect(answer.text()).toContain("This index hosts acme-tools itself");
  });

  test("is listed once, before all others", async () => {
    const { rig } = await confused();
    const listing = '{"meta":{},"projects":[{"name":"aaa"},{"name":"acme-tools","_last-serial":9}]}';
    rig.upstream.on(FakeUpstream.INDEX, () => new Response(listing, { headers: { "Content-Type": JSON_TYPE } }));
    const names = async (path: string) => {
      const { projects } = JSON.parse((await rig.get(path, { Accept: JSON_TYPE })).text()) as {
        projects: { name: string }[];
      };
      return projects.map(({ name }) => name);
    };
    expect(await names("/team/simple/")).toEqual(["acme-tools", "aaa"]);
    expect(await names("/simple/")).toEqual(["aaa", "acme-tools"]);
  });

  test("without any file is the team's", async () => {
    const rig = new Rig(OPEN_TEAM);
    await rig.upstream.publish("acme", [{ filename: "acme-1.0.tar.gz", bytes: THEIRS }]);
    await host("acme");
    await host("acme", "acme-1.0.tar.gz", { deleted: true });
    expect(filesOn(await pageIn(rig, "/team", "acme"))).toEqual([]);
    expect((await rig.get(`/team${filePath("acme-1.0.tar.gz")}`)).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is the team's while the upstream is away", async () => {
    const { rig, hosted } = await confused();
    rig.upstream.down = true;
    expect((await pageIn(rig, "/team", "acme-tools")).status).toBe(200);
    expect((await rig.get(`/team${hosted.path}`)).body).toEqual(hosted.bytes);
  });

  test("is the team's as soon as it is hosted, whatever isolates have in memory", async () => {
    const rig = new Rig(OPEN_TEAM);
    await rig.upstream.publish("demo", [{ filename: "demo-1.0.tar.gz", bytes: THEIRS }]);
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-1.0.tar.gz"]);
    expect((await rig.get(`/team${filePath("demo-1.0.tar.gz")}`)).status).toBe(200);
    expect((await pageIn(rig, "/team", "new")).status).toBe(404);
    await host("demo", "demo-2.0.tar.gz");
    await host("new", "new-1.0.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-2.0.tar.gz"]);
    expect(filesOn(await pageIn(rig, "/team", "new"))).toEqual(["new-1.0.tar.gz"]);
    expect((await rig.get(`/team${filePath("demo-1.0.tar.gz")}`)).status).toBe(404);
    // The index below has nothing of it.
    expect(filesOn(await pageIn(rig, "", "demo"))).toEqual(["demo-1.0.tar.gz"]);
    await env.DB.exec("DELETE FROM hosted_file");
    await env.DB.exec("DELETE FROM hosted_project");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-1.0.tar.gz"]);
    await host("demo", "demo-3.0.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-3.0.tar.gz"]);
  });

  test("does not hide a project whose name only begins like it", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0.tar.gz");
    const files = [{ filename: "acme-tools-1.0.tar.gz", bytes: THEIRS }];
    await rig.upstream.publish("acme-tools", files);
    expect((await rig.get(`/team${filePath("acme-tools-1.0.tar.gz")}`)).body).toEqual(THEIRS);
  });

  test("bars a file that could be its own, where the other project that it could be does not have it", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0.tar.gz");
    // Of project acme upstream: the name could as well be one of acme-2.
    const filename = "acme-2-1.0.tar.gz";
    await rig.upstream.publish("acme", [{ filename, bytes: THEIRS }]);
    expect((await rig.get(filePath(filename))).status).toBe(200);
    expect((await rig.get(`/team${filePath(filename)}`)).status).toBe(404);
  });
});

describe("where the database does not answer", () => {
  test.each([
    ["a page", "/simple/acme-tools/"],
    ["a page of a name that is not hosted", "/simple/other/"],
    ["a file", filePath(WHEEL)],
    ["the mirror's path", `/packages/${WHEEL}`],
    ["a hosted file", `/files/-/${"0".repeat(64)}/${WHEEL}`],
    ["a document", "/pypi/acme-tools/json"],
    ["the listing", "/simple/"],
    ["the page of links", "/find-links/"],
  ])("%s is 503, and no upstream is asked", async (_what, path) => {
    const { rig } = await confused();
    rig.breakOnce("d1.prepare");
    const answer = await rig.get(`/team${path}`);
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
    expect(answer.text()).toContain("The database does not answer");
    expect(rig.upstream.requests).toEqual([]);
  });

  test("nothing that was remembered stands in for it", async () => {
    const { rig } = await confused();
    expect((await pageIn(rig, "/team", "acme-tools")).status).toBe(200);
    rig.breakOnce("d1.prepare");
    expect((await pageIn(rig, "/team", "acme-tools")).status).toBe(503);
  });
});

describe("an index over another that hosts", () => {
  const vars = {
    ...VARS,
    INDEXES: {
      default: { sources: ["pypi"] },
      base: { sources: ["pypi"], hosted: true, read: "anyone" },
      team: { sources: ["base"], hosted: true, read: "anyone" },
    },
  };

  test("has what that one hosts, but for the names that it hosts itself", async () => {
    const rig = new Rig(vars);
    const below = await host("demo", "demo-1.0.tar.gz", { index: "base" });
    const other = await host("other", "other-1.0.tar.gz", { index: "base" });
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-1.0.tar.gz"]);
    const own = await host("demo", "demo-2.0.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["demo-2.0.tar.gz"]);
    expect(filesOn(await pageIn(rig, "/base", "demo"))).toEqual(["demo-1.0.tar.gz"]);
    const statuses = async (path: string) =>
      Promise.all(["", "/base", "/team"].map(async (index) => (await rig.get(index + path)).status));
    expect(await statuses(below.path)).toEqual([404, 200, 404]);
    expect(await statuses(own.path)).toEqual([404, 404, 200]);
    expect(await statuses(other.path)).toEqual([404, 200, 200]);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("has both where it merges the name, and its own file of two of one name", async () => {
    const rig = new Rig({ ...vars, INDEXES: { ...vars.INDEXES, team: { ...vars.INDEXES.team, merge: ["demo"] } } });
    await rig.upstream.publish("demo", [{ filename: "demo-0.1.tar.gz", bytes: THEIRS }]);
    const below = await host("demo", "demo-1.0.tar.gz", { index: "base" });
    await host("demo", "demo-1.1.tar.gz", { index: "base" });
    const own = await host("demo", "Demo-1.0.0.tar.gz");
    // The index below does not merge it: the upstream's stays hidden.
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual(["Demo-1.0.0.tar.gz", "demo-1.1.tar.gz"]);
    expect((await rig.get(`/team${own.path}`)).status).toBe(200);
    expect((await rig.get(`/team${below.path}`)).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });
});

describe("the status of a hosted project", () => {
  test("is shown, and files of a quarantined project are not served", async () => {
    const { rig, hosted } = await confused();
    await setStatus("acme-tools", "archived", "use acme instead");
    const archived = (await pageIn(rig, "/team", "acme-tools")).json as unknown as Record<string, unknown>;
    expect(archived["project-status"]).toEqual({ status: "archived", reason: "use acme instead" });
    expect((await rig.get(`/team${hosted.path}`)).status).toBe(200);
    await setStatus("acme-tools", "quarantined");
    const page = await pageIn(rig, "/team", "acme-tools");
    expect([filesOn(page), page.json?.versions]).toEqual([[], []]);
    for (const path of [hosted.path, `${hosted.path}.metadata`, filePath(WHEEL)]) {
      const answer = await rig.get(`/team${path}`);
      expect([answer.status, answer.text()]).toEqual([403, expect.stringContaining("acme-tools is quarantined")]);
    }
    expect(rig.upstream.requests).toEqual([]);
  });

  test("that is quarantined closes what is merged below as well", async () => {
    const { rig } = await confused(teamOf({ merge: ["acme-*"] }));
    expect(filesOn(await pageIn(rig, "/team", "acme-tools"))).toHaveLength(3);
    await setStatus("acme-tools", "quarantined");
    rig.forget();
    expect(filesOn(await pageIn(rig, "/team", "acme-tools"))).toEqual([]);
    expect((await rig.get(`/team${filePath("acme_tools-9.9-py3-none-any.whl")}`)).status).toBe(403);
    expect(rig.upstream.requests).toEqual([]);
  });
});
