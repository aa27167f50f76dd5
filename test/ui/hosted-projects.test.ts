import { beforeEach, describe, expect, test } from "vitest";
import { DATABASE_AWAY } from "../support/away.ts";
import { host, OPEN_TEAM, READER, teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { signIn } from "../support/signed-in.ts";
import { bearer, give } from "../support/tokens.ts";
import { teamRig, upload, wheelOf } from "../support/upload.ts";

const at = (day: number) => Date.parse(`2026-11-${day}T10:00:00Z`);

interface Listed {
  readonly projects: readonly Record<string, unknown>[];
}

const listed = async (rig: Rig, base = "/team", headers: Record<string, string> = {}) => {
  const answer = await rig.get(`${base}/-/api/projects`, headers);
  return {
    status: answer.status,
    projects: answer.status === 200 ? (JSON.parse(answer.text()) as Listed).projects : [],
  };
};

describe("what an index hosts", () => {
  beforeEach(async () => {
    await host("aged", "aged-1.0.tar.gz", { uploadedAt: at(10) });
    await host("acme-tools", "acme_tools-1.9.tar.gz", { uploadedAt: at(12), bytes: new Uint8Array(1_500) });
    await host("acme-tools", "acme_tools-2.0.tar.gz", { uploadedAt: at(14), bytes: new Uint8Array(500), yanked: "" });
    await host("gone", "gone-1.0.tar.gz", { deleted: true });
  });

  test("is listed as JSON, the last upload first, with sums of its own", async () => {
    expect((await listed(new Rig(OPEN_TEAM))).projects).toEqual([
      {
        project: "acme-tools",
        version: "2.0",
        yanked: true,
        files: 2,
        bytes: 2_000,
        uploadedAt: "2026-11-14T10:00:00.000Z",
      },
      expect.objectContaining({ project: "aged", version: "1.0", yanked: false, files: 1 }),
    ]);
  });

  test("is on the index's page", async () => {
    const text = (await new Rig(OPEN_TEAM).get("/team/")).text();
    expect(text).toMatch(
      />acme-tools<\/a>[^]*?2\.0[^]*?yanked[^]*?>2026-11-14 10:00 UTC<[^]*?>2<[^]*?>2\.0 kB<[^]*>aged<\/a>/,
    );
    expect(text).toContain("2 projects, 2.0 kB");
    expect(text).not.toContain("gone");
  });

  test("is said of the default index to be nothing where that hosts nothing", async () => {
    const rig = new Rig(OPEN_TEAM);
    expect(await listed(rig, "")).toEqual({ status: 200, projects: [] });
    expect((await rig.get("/")).text()).not.toContain("Hosted here");
  });

  test("is not what its policy refuses, or what a view leaves out", async () => {
    const rig = new Rig(teamOf({ policy: { deny: ["aged"] } }));
    expect((await listed(rig)).projects.map(({ project }) => project)).toEqual(["acme-tools"]);
    expect((await rig.get("/team/")).text()).not.toContain("aged");
    expect((await listed(rig, "/team/@before=2026-11-13")).projects).toMatchObject([
      { project: "acme-tools", version: "1.9", files: 1 },
    ]);
  });

  test("is fifty projects on the page at first, and all where all are asked for", async () => {
    for (let n = 0; n < 51; n++) await host(`many-${n}`, `many_${n}-1.0.tar.gz`, { uploadedAt: at(20) + n });
    const rig = new Rig(OPEN_TEAM);
    const shown = async (path: string) => (await rig.get(path)).text().match(/<tr><th scope="row"/g)?.length;
    expect([await shown("/team/"), await shown("/team/?hosted=all")]).toEqual([50, 53]);
  });
});

test("who uploaded is told to those who have shown a token of the index, and to no one else", async () => {
  const rig = teamRig();
  const publisher = await give(rig, { name: "acme release", scopes: ["read", "upload"] });
  await upload(rig, await wheelOf("acme"), { headers: bearer(publisher.text) });
  expect((await listed(rig, "/team", READER)).projects).toMatchObject([
    { project: "acme", uploadedBy: "acme release" },
  ]);
  expect((await rig.get("/team/", READER)).text()).toContain("<td>acme release</td>");
  const page = async (token?: string) => (await rig.get("/team/", (await signIn(rig, token)).session)).text();
  expect(await page()).toContain('<td><a href="../-/audit?project=acme">acme release</a></td>');
  expect(await page(publisher.text)).toContain("<td>acme release</td>");
  const shown = await rig.get("/-/api/indexes/team/projects/acme", READER);
  expect(JSON.parse(shown.text())).toMatchObject({ versions: [{ files: [{ uploadedBy: "acme release" }] }] });
  expect((await listed(rig)).status).toBe(401);

  const open = new Rig(OPEN_TEAM);
  for (const [headers, by] of [
    [{}, undefined],
    [READER, "acme release"],
    [bearer((await give(open)).text), "acme release"],
    [bearer((await give(open, { index: "other" })).text), undefined],
    [bearer("something-else"), undefined],
  ] as const) {
    expect((await listed(open, "/team", headers)).projects[0]?.["uploadedBy"]).toBe(by);
    expect((await open.get("/team/", headers)).text().includes("acme release")).toBe(by !== undefined);
  }
});

test("the tokens that reach an index are listed for its admins, and for no one else", async () => {
  const rig = teamRig();
  const admin = await give(rig, { name: "the lead", scopes: ["admin"] });
  const release = await give(rig, {
    name: "acme release",
    scopes: ["upload"],
    projects: ["acme-*"],
    expiresAt: rig.now + 86_400_000,
  });
  await give(rig, { name: "of another index", index: "scratch" });
  await give(rig, { name: "of all", index: "*", scopes: ["read"] });
  await give(rig, { name: "over", expiresAt: rig.now - 1 });
  const shown = async (headers: Record<string, string>, path = "/team/") => {
    const [, table = ""] = (await rig.get(path, headers)).text().split("Tokens that reach this index");
    return [...table.matchAll(/<th scope="row">([^<]*)<\/th><td>([^<]*)<\/td><td>([^<]*)<\/td><td>([^<]*)<\/td>/g)].map(
      (row) => row.slice(1).join(" | "),
    );
  };
  for (const headers of [bearer(admin.text), READER]) {
    expect((await shown(headers)).toSorted()).toEqual([
      "acme release | upload | team | acme-*",
      "of all | read | every index | none",
      "the lead | admin | team | any",
    ]);
  }
  expect(await shown(bearer(release.text))).toEqual([]);
  expect(await shown(bearer((await give(rig)).text))).toEqual([]);
  expect(await shown(bearer(admin.text), "/")).toEqual([]);
  expect((await rig.get("/team/", bearer(admin.text))).text()).not.toContain(release.text.split("_").at(-1));
});

test("the page is there while the database is away, and says so", async () => {
  const rig = new Rig(OPEN_TEAM, { database: DATABASE_AWAY });
  const page = await rig.get("/team/");
  expect([page.status, page.text()]).toEqual([200, expect.stringContaining("cannot be told now")]);
  expect((await listed(rig)).status).toBe(503);
});

test("the list takes no parameter and no write", async () => {
  const rig = new Rig(OPEN_TEAM);
  expect((await rig.get("/team/-/api/projects?limit=3")).status).toBe(400);
  expect((await rig.get("/team/-/api/projects", READER, "DELETE")).status).toBe(405);
});
