import { describe, expect, test } from "vitest";
import { filesOn, host, pageIn, teamOf } from "../../support/hosted.ts";
import { filePath, JSON_TYPE, Rig } from "../../support/rig.ts";
import { FakeUpstream } from "../../support/upstream.ts";

const RESERVED = { RESERVED: ["Acme-*", "in.house"], POPULAR: 200, SEED: ["acme-seed", "pip"] };
const WHEEL = "acme_tools-1.0-py3-none-any.whl";
const THEIRS = new TextEncoder().encode("theirs");

async function reserving(vars: Record<string, unknown> = {}) {
  const rig = new Rig({ ...teamOf({}), ...RESERVED, ...vars });
  await rig.upstream.publish("acme-tools", [{ filename: WHEEL, bytes: THEIRS, metadata: "Name: acme-tools\n" }]);
  await rig.upstream.publish("in-house", [{ filename: "in-house-1.0.tar.gz", bytes: THEIRS }]);
  rig.upstream.on("https://upstream.test/pypi/acme-tools/json", () => Response.json({ info: {}, releases: {} }));
  return rig;
}

const PATHS = [
  "/simple/acme-tools/",
  "/simple/in-house/",
  filePath(WHEEL),
  `${filePath(WHEEL)}.metadata`,
  filePath("in-house-1.0.tar.gz"),
  filePath("in_house-1.0-py3-none-any.whl"),
  `/packages/${WHEEL}`,
  "/pypi/acme-tools/json",
  `/integrity/acme-tools/1.0/${WHEEL}/provenance`,
];

describe("a reserved name", () => {
  test.each(PATHS.flatMap((path) => [path, `/team${path}`]))("is asked of no upstream: %s", async (path) => {
    const rig = await reserving();
    const answer = await rig.get(path);
    expect([answer.status, rig.upstream.requests]).toEqual([404, []]);
    rig.upstream.down = true;
    expect((await rig.get(path)).status).toBe(404);
  });

  test("that was mirrored before is no longer served", async () => {
    const before = await reserving({ RESERVED: [] });
    expect((await before.get("/simple/acme-tools/")).status).toBe(200);
    expect((await before.get(filePath(WHEEL))).status).toBe(200);
    const rig = await reserving();
    expect((await rig.get("/simple/acme-tools/")).status).toBe(404);
    expect((await rig.get(filePath(WHEEL))).status).toBe(404);
  });

  test("is served where it is hosted", async () => {
    const rig = await reserving();
    const hosted = await host("acme-tools", WHEEL);
    expect(filesOn(await pageIn(rig, "/team", "acme-tools"))).toEqual([WHEEL]);
    expect((await rig.get(`/team${hosted.path}`)).body).toEqual(hosted.bytes);
    expect((await pageIn(rig, "", "acme-tools")).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is merged with nothing", async () => {
    const rig = await reserving(teamOf({ merge: ["*"] }));
    await host("acme-tools", WHEEL);
    expect(filesOn(await pageIn(rig, "/team", "acme-tools"))).toEqual([WHEEL]);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is not on the upstream's listing", async () => {
    const rig = await reserving();
    const listing = '{"meta":{},"projects":[{"name":"acme-tools"},{"name":"in_house"},{"name":"other"}]}';
    rig.upstream.on(FakeUpstream.INDEX, () => new Response(listing, { headers: { "Content-Type": JSON_TYPE } }));
    const { projects } = JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as {
      projects: { name: string }[];
    };
    expect(projects).toEqual([{ name: "other" }]);
  });

  test("is not refreshed, stored or warmed by anything that runs by itself", async () => {
    const rig = await reserving();
    await rig.tick("*/5 * * * *");
    expect(rig.refreshes.messages.flatMap(({ projects }) => projects)).toEqual(["pip"]);
    const source = encodeURIComponent(FakeUpstream.INDEX);
    const file = `files.upstream.test/packages/${WHEEL}`;
    await rig.deliver([{ source, file, part: "file" }]);
    await rig.deliverRefreshes([{ source, projects: ["acme-tools"], cause: "popular" }]);
    const lock = `acme-tools==1.0 --hash=sha256:${"0".repeat(64)}\n`;
    const warmed = await rig.post("warm?filename=requirements.txt", lock);
    expect([warmed.status, rig.upstream.requests]).toEqual([422, []]);
  });
});
