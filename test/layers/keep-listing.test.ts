import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { host, OPEN_TEAM } from "../support/hosted.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const AS_JSON = { Accept: JSON_TYPE };
const LISTING = '{"meta":{"_last-serial":9},"projects":[{"name":"one","_last-serial":8},{"name":"two"}]}';

/** A team's index, which anyone may read, over the default index; the default index's listing is stored. */
async function rigOfTeam(vars: Record<string, unknown> = OPEN_TEAM) {
  const rig = new Rig(vars);
  rig.upstream.on(FakeUpstream.INDEX, () => new Response(LISTING, { headers: { "Content-Type": JSON_TYPE } }));
  await host("acme");
  await rig.get("/simple/");
  rig.forget();
  return rig;
}

async function names(rig: Rig, path: string) {
  const json = JSON.parse((await rig.get(path, AS_JSON)).text()) as { projects: { name: string }[] };
  const html = (await rig.get(path)).text();
  const inJson = json.projects.map(({ name }) => name);
  expect([...html.matchAll(/href="([^/]*)\/"/g)].map(([, name]) => name)).toEqual(inJson);
  return inJson;
}

const stored = async () => (await env.FILES.list({ prefix: "list/" })).objects.map(({ key }) => key);

describe("a root listing that is put together of others", () => {
  test("is stored while it is first read, and then read from there in both shapes", async () => {
    const rig = await rigOfTeam();
    const first = await rig.get("/team/simple/", AS_JSON);
    expect([rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([2, 3]);
    rig.forget();
    const again = await rig.get("/team/simple/", AS_JSON);
    expect([rig.counts["r2.get"], rig.counts["r2.put"], rig.counts["d1.prepare"]]).toEqual([2, undefined, 1]);
    expect([again.text(), again.headers.get("ETag")]).toEqual([first.text(), first.headers.get("ETag")]);
    rig.forget();
    await rig.get("/team/simple/");
    expect([rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([3, undefined]);
    expect(await names(rig, "/team/simple/")).toEqual(["acme", "one", "two"]);
  });

  test("has a name as soon as it is hosted, and another ETag", async () => {
    const rig = await rigOfTeam();
    const etag = (await rig.get("/team/simple/", AS_JSON)).headers.get("ETag") ?? "";
    expect((await rig.get("/team/simple/", { ...AS_JSON, "If-None-Match": etag })).status).toBe(304);
    await host("brand-new");
    expect((await rig.get("/team/simple/", { ...AS_JSON, "If-None-Match": etag })).status).toBe(200);
    expect(await names(rig, "/team/simple/")).toEqual(["acme", "brand-new", "one", "two"]);
  });

  test("shows no hosted name in an index that does not host it", async () => {
    const rig = await rigOfTeam();
    await names(rig, "/team/simple/");
    expect(await names(rig, "/simple/")).toEqual(["one", "two"]);
    expect(await stored()).toHaveLength(2);
  });

  test("is neither stored nor has it an ETag while a source's is only arriving", async () => {
    const rig = await rigOfTeam();
    await env.FILES.delete(await stored());
    const first = await rig.get("/team/simple/", AS_JSON);
    expect([first.headers.get("ETag"), (await stored()).length]).toEqual([null, 1]);
    expect(await names(rig, "/team/simple/")).toEqual(["acme", "one", "two"]);
    expect(await stored()).toHaveLength(2);
  });

  test("is made anew where reserved names have changed", async () => {
    const before = await rigOfTeam();
    expect(await names(before, "/simple/")).toEqual(["one", "two"]);
    const after = new Rig({ RESERVED: ["two"] });
    expect(await names(after, "/simple/")).toEqual(["one"]);
    expect(await names(new Rig({ RESERVED: ["one"] }), "/simple/")).toEqual(["two"]);
  });

  test("is not stored where an index has no source: the database has all of it", async () => {
    const rig = new Rig({
      INDEXES: { default: { sources: ["pypi"] }, team: { sources: [], hosted: true, read: "anyone" } },
    });
    await host("acme");
    expect(await names(rig, "/team/simple/")).toEqual(["acme"]);
    expect(rig.counts["r2.get"]).toBeUndefined();
  });
});
