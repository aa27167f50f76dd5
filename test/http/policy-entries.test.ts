import { beforeEach, describe, expect, test } from "vitest";
import { addedEntries, listedEntries, type ShownEntry } from "../../schema/policy-entry.ts";
import { DAY } from "../../worker/duration.ts";
import { at, DEMO, HELD, NOW, OLD, YOUNG } from "../support/guarded.ts";
import { filesOn } from "../support/hosted.ts";
import { audit, call } from "../support/releases.ts";
import { filePath, onCloudflare, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { sha256 } from "../support/upstream.ts";

const INDEXES = {
  default: { sources: ["pypi"], policy: { min_age: "3d", deny: ["evil-*", "bad<2"] } },
  team: { sources: ["default"], hosted: true, read: "anyone" },
};

let rig: Rig;
beforeEach(async () => {
  rig = new Rig({ INDEXES, METRICS: "open" });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
});

const EXEMPTION = {
  index: "default",
  kind: "exemption",
  what: ["demo==2.0"],
  reason: "It fixes our outage.",
  expires: "7d",
};

async function add(body: Record<string, unknown>): Promise<readonly ShownEntry[]> {
  const { status, json, text } = await call(rig, "POST", "policy/entries", body);
  expect([status, text]).toEqual([201, expect.any(String)]);
  return addedEntries.parse(json).entries;
}

const allow = (...what: string[]) => ({ index: "default", kind: "allow", what, reason: "It is ours." });
const deny = (...what: string[]) => ({ ...allow(...what), kind: "deny", reason: "It is not maintained." });

const young = async (base = "") => (await rig.get(base + filePath(YOUNG.filename))).status;
const listed = async () => filesOn(await rig.page("demo"));

describe("an exemption", () => {
  test("lets a file through until it ends, on the page and at its address, in each index on top", async () => {
    expect([await listed(), await young(), await young("/team")]).toEqual([[OLD.filename], 403, 403]);
    // Longer than the exemption lasts.
    await rig.upstream.publish("demo", [OLD, { ...YOUNG, entry: { "upload-time": at(NOW) } }], DEMO);
    rig.wait(DAY);
    await add({ ...EXEMPTION, expires: "1d" });
    expect([await listed(), await young(), await young("/team")]).toEqual([[OLD.filename, YOUNG.filename], 200, 200]);
    rig.wait(DAY - 30_000);
    expect((await rig.page("demo")).headers.get("Cache-Control")).toContain("max-age=30,");
    rig.wait(30_000);
    expect([await listed(), await young()]).toEqual([[OLD.filename], 403]);
  });

  test("is shown by why, and a request that it lets through is counted", async () => {
    const [made] = await add(EXEMPTION);
    await young();
    const answer = JSON.parse((await rig.get("/-/why/demo/2.0")).text()) as { files: unknown[] };
    const rule = {
      rule: "min-age",
      mode: "enforce",
      index: "default",
      sentence: HELD.replace("is held", "would be held"),
      until: at(NOW + 2 * DAY),
    };
    const exempted = {
      by: "exemption",
      text: "demo==2.0",
      id: made?.id,
      reason: "It fixes our outage.",
      until: at(NOW + 7 * DAY),
    };
    expect(answer.files).toEqual([expect.objectContaining({ verdict: "admitted", rules: [{ ...rule, exempted }] })]);
    expect((await rig.get("/-/why/demo/2.0", { Accept: "text/html" })).text()).toContain(
      `It is exempted as demo==2.0 until 2026-11-29 12:00 UTC by entry ${made?.id}: It fixes our outage.`,
    );
    const metrics = (await rig.get("/-/metrics")).text();
    expect(metrics).toContain('pypi_edge_policy_verdicts_total{mode="exempted",rule="min-age"} 1');
    expect(metrics).toContain('pypi_edge_policy_entries{kind="exemption",ended="false"} 1');
  });

  test("is listed when it has ended, is removed, and each write is in the audit log", async () => {
    const [made] = await add(EXEMPTION);
    rig.wait(8 * DAY);
    const { json } = await call(rig, "GET", "policy/entries?index=default&kind=exemption");
    expect(listedEntries.parse(json).entries).toEqual([{ ...made, ended: true }]);
    expect((await rig.get("/-/metrics")).text()).toContain('pypi_edge_policy_entries{kind="exemption",ended="true"} 1');
    expect((await call(rig, "DELETE", `policy/entries/${made?.id}`)).status).toBe(200);
    expect((await call(rig, "DELETE", `policy/entries/${made?.id}`)).status).toBe(404);
    const written = (await audit()).map(({ actor, action, index_name, project, subject }) =>
      [actor, action, index_name, project, subject].join(" "),
    );
    expect(written).toEqual(["admin policy.add default demo demo==2.0", "admin policy.remove default demo demo==2.0"]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["no end", { expires: undefined }, "An exemption ends: give expires, such as 14d."],
    ["an end too far", { expires: "91d" }, "An exemption ends within 90 days."],
    ["an end in the past", { expires: "2026-01-01" }, "expires must be in the future"],
    ["no reason", { reason: undefined }, "reason is missing"],
    ["a reason of spaces", { reason: " " }, "reason must be more than spaces"],
    ["a reason of two lines", { reason: "a\nb" }, "reason must be printable"],
    ["a pattern", { what: ["demo-*"] }, "An exemption is for one project or one version of it"],
    ["versions", { what: ["demo>=2"] }, "demo>=2 is neither"],
    ["all versions of a number", { what: ["demo==2.*"] }, "demo==2.* is neither"],
    ["a digest", { what: [`sha256:${"ab".repeat(32)}`] }, "is neither"],
    ["no name", { what: ["=="] }, "what.0 must be patterns"],
    [
      "what is denied",
      { what: ["evil-tools"] },
      "evil-tools would have no effect: index default denies evil-* by its configuration",
    ],
    [
      "a version that is denied",
      { what: ["bad==1.5"] },
      "index default denies bad<2 by its configuration, and deny wins",
    ],
    ["an advisory that is none", { advisory: "malware" }, "advisory must be the id of an advisory"],
  ])("with %s is refused", async (_what, more, sentence) => {
    const { status, text } = await call(rig, "POST", "policy/entries", { ...EXEMPTION, ...more });
    expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
  });

  test("may end after 90 days", async () => {
    expect((await add({ ...EXEMPTION, expires: "90d" }))[0]?.expires).toBe(at(NOW + 90 * DAY));
  });

  test("may be longer than the one before, and not the same again", async () => {
    const [made] = await add(EXEMPTION);
    const { status, text } = await call(rig, "POST", "policy/entries", { ...EXEMPTION, what: ["Demo==2.0"] });
    expect([status, text]).toEqual([422, expect.stringContaining(`is there already, as entry ${made?.id}`)]);
    await add({ ...EXEMPTION, expires: "8d" });
  });
});

test("the policies of an index and of one below it add up, and entries lift their own index's rules only", async () => {
  const policy = { min_age: "2d", prerelease: "enforce" };
  rig = new Rig({ INDEXES: { ...INDEXES, team: { ...INDEXES.team, policy } } });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const why = async () => {
    const { files } = JSON.parse((await rig.get("/team/-/why/demo/2.0")).text()) as {
      files: { rules: { index: string; exempted?: unknown }[] }[];
    };
    return files[0]?.rules.flatMap(({ index, exempted }) => (exempted ? [] : [index])).toSorted();
  };
  expect([await why(), await young(), await young("/team")]).toEqual([["default", "team"], 403, 403]);
  await add({ ...EXEMPTION, index: "team" });
  expect([await why(), await young(), await young("/team")]).toEqual([["default"], 403, 403]);
  await add(EXEMPTION);
  expect([await why(), await young(), await young("/team")]).toEqual([[], 200, 200]);
  await add({ ...deny("demo==2.0"), index: "team" });
  expect([await why(), await young(), await young("/team")]).toEqual([["team"], 200, 403]);
});

describe("a list", () => {
  test("allows projects, versions and digests beside those of the configuration", async () => {
    await add(allow("demo>=3", `sha256:${await sha256(YOUNG.bytes)}`));
    expect([await listed(), await young(), (await rig.get(`${filePath(YOUNG.filename)}.metadata`)).status]).toEqual([
      [OLD.filename, YOUNG.filename],
      200,
      200,
    ]);
  });

  test("denies a whole project, of which no upstream is asked then, with its reason", async () => {
    expect((await rig.get(filePath(OLD.filename))).status).toBe(200);
    const [made] = await add(deny("demo"));
    rig.forget();
    const page = await rig.get("/simple/demo/", { Accept: "application/json" });
    expect([page.status, page.text()]).toEqual([
      451,
      expect.stringContaining("demo is refused: index default denies demo (It is not maintained.)."),
    ]);
    expect([(await rig.get(filePath(OLD.filename))).status, rig.upstream.requests]).toEqual([403, []]);
    await call(rig, "DELETE", `policy/entries/${made?.id}`);
    expect(await listed()).toEqual([OLD.filename]);
  });

  test("denies a file by its digest, also where its .metadata is asked for", async () => {
    for (const ending of ["", ".metadata"]) await rig.get(filePath(OLD.filename) + ending);
    await add(deny(`sha256:${await sha256(OLD.bytes)}`));
    for (const ending of ["", ".metadata"]) expect((await rig.get(filePath(OLD.filename) + ending)).status).toBe(403);
    expect((await rig.get("/simple/demo/")).status).toBe(451);
  });

  test("deny wins over what was let through, and says so", async () => {
    await add(EXEMPTION);
    const { json } = await call(rig, "POST", "policy/entries", deny("demo"));
    expect(json?.["remarks"]).toEqual([
      expect.stringMatching(/^Entry [0-9a-f]{16} \(exemption demo==2.0\) has no effect any more: demo is denied\.$/),
    ]);
    expect(await young()).toBe(403);
  });

  test("is of an index with a policy of its own, and for admins of the whole index", async () => {
    const { status, text } = await call(rig, "POST", "policy/entries", { ...allow("demo"), index: "team" });
    expect([status, text]).toEqual([400, expect.stringContaining("[vars.INDEXES.team.policy]")]);
    for (const [grant, expected] of [
      [{ index: "default", scopes: ["admin"] as const }, 201],
      [{ index: "default", scopes: ["read"] as const }, 403],
      [{ index: "team", scopes: ["admin"] as const }, 403],
      [{ index: "default", scopes: ["admin"] as const, projects: ["demo"] }, 403],
    ] as const) {
      const token = await give(rig, grant);
      const answer = await call(rig, "POST", "policy/entries", allow("demo"), bearer(token.text));
      expect([grant, answer.status]).toEqual([grant, expected]);
    }
    expect((await call(rig, "POST", "policy/entries", allow("demo"), {})).status).toBe(401);
  });

  test("is not known while the database does not answer: nothing is served then", async () => {
    await rig.get(filePath(OLD.filename));
    rig.breakOnce("d1.prepare");
    expect((await rig.get(filePath(OLD.filename))).status).toBe(503);
    expect((await rig.get(filePath(OLD.filename))).status).toBe(200);
  });
});

test("on Cloudflare a change is answered when it holds everywhere, and what is denied is purged", async () => {
  rig = new Rig({ INDEXES }, onCloudflare());
  const purged: unknown[] = [];
  rig.edge = { purge: async (what) => void purged.push(what) };
  const other = new Rig({ INDEXES }, onCloudflare());
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await other.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const old = filePath(OLD.filename);
  expect([(await rig.get(old)).status, (await other.get(old)).status]).toEqual([200, 200]);
  const began = rig.now;
  const { json } = await call(rig, "POST", "policy/entries", deny("demo"));
  expect([rig.now - began, json?.["remarks"], purged]).toEqual([
    1_000,
    ["Cloudflare's cache may give files of demo that it has for up to 60 s more."],
    [["project-demo"]],
  ]);
  other.now = rig.now;
  expect([(await rig.get(old)).status, (await other.get(old)).status]).toEqual([403, 403]);
  rig.forget();
  await rig.get(old);
  expect(rig.counts).toEqual({});
});
