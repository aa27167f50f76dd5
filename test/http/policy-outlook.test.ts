import { beforeEach, describe, expect, test } from "vitest";
import { pendingFiles, policyForecast } from "../../schema/policy-outlook.ts";
import { DAY } from "../../worker/duration.ts";
import { at, DEMO, file, HELD, NOW, OLD, YOUNG } from "../support/guarded.ts";
import { call } from "../support/releases.ts";
import { filePath, Rig } from "../support/rig.ts";
import { contextIn } from "../support/tokens.ts";

const AUDIT = { min_age: "3d", modes: { min_age: "audit" } };
const INDEXES = {
  default: { sources: ["pypi"], policy: { min_age: "3d" } },
  audit: { sources: ["pypi"], policy: AUDIT },
  open: { sources: ["pypi"] },
};

let rig: Rig;
beforeEach(async () => {
  rig = new Rig({ INDEXES });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
});

/** Writes down what clients asked for. */
async function written() {
  rig.wait(301_000);
  rig.services.flush(contextIn(rig));
  await rig.get("/-/metrics");
}

async function pending(query = "") {
  const { status, json } = await call(rig, "GET", `policy/pending${query}`);
  expect([status, json]).toEqual([200, expect.anything()]);
  return pendingFiles.parse(json);
}

async function forecast(index: string, body: unknown = {}, query = "") {
  const { response, settled } = await rig.open(`/${index}/-/api/policy/forecast${query}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { Authorization: "Bearer a-token-for-the-tests" },
  });
  expect(response.status).toBe(200);
  const answer = policyForecast.parse(await response.json());
  await settled();
  return answer;
}

describe("what is pending", () => {
  test("is what is held of a project that clients asked for, with its dates", async () => {
    expect((await pending()).files).toEqual([]);
    await rig.page("demo");
    await written();
    expect(await pending()).toEqual({
      index: "default",
      days: 7,
      projects: 1,
      cut: false,
      unknown: [],
      files: [{ project: "demo", filename: YOUNG.filename, uploadTime: at(NOW - DAY), until: at(NOW + 2 * DAY) }],
      heldFixes: [],
    });
    rig.wait(2 * DAY);
    expect((await pending()).files).toEqual([]);
  });

  test("is not itself counted as asked for", async () => {
    await rig.page("demo");
    await written();
    const { env } = await import("cloudflare:workers");
    const score = () => env.DB.prepare("SELECT score FROM popularity").first<number>("score");
    const before = await score();
    for (let turn = 0; turn < 3; turn++) await pending();
    await written();
    expect(await score()).toBe(before);
  });

  test("names the projects that cannot be looked at", async () => {
    await rig.page("demo");
    await written();
    const { env } = await import("cloudflare:workers");
    for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
    rig.upstream.down = true;
    rig.restart();
    expect((await pending()).unknown).toEqual(["demo"]);
  });

  test.each(["0", "43", "x"])("looks back 1 to 42 days, not %s", async (days) => {
    expect((await call(rig, "GET", `policy/pending?days=${days}`)).status).toBe(400);
  });
});

describe("the forecast", () => {
  beforeEach(async () => {
    for (const { filename } of [OLD, YOUNG]) await rig.get(`/audit${filePath(filename)}`);
    await written();
  });

  test("is what an index would refuse if it enforced what it audits", async () => {
    const sentence = HELD.replace("default", "audit").replace("is held", "would be held");
    expect(await forecast("audit")).toMatchObject({
      projects: 1,
      admitted: 1,
      files: [{ project: "demo", filename: YOUNG.filename, rule: "min-age", sentence }],
    });
  });

  test("is what a policy that is sent would refuse, also of an index without one", async () => {
    const next = { policy: { deny: ["demo<2"] } };
    const { files, admitted } = await forecast("open", next);
    expect([files.map(({ filename, rule }) => `${filename} ${rule}`), admitted]).toEqual([[`${OLD.filename} deny`], 1]);
    expect((await forecast("open", { policy: { deny: ["x"] } })).files).toEqual([]);
  });

  test("is of what clients were given in the time", async () => {
    await rig.upstream.publish("other", [{ ...file("1.0", NOW - DAY), filename: "other-1.0-py3-none-any.whl" }]);
    rig.wait(3 * DAY);
    expect((await forecast("open", { policy: { deny: ["demo"] } }, "?days=2")).projects).toBe(0);
  });

  test("needs a policy, and admin on the index", async () => {
    expect((await call(rig, "GET", "policy/pending", undefined, {})).status).toBe(401);
    const { response } = await rig.open("/open/-/api/policy/forecast", {
      method: "POST",
      headers: { Authorization: "Bearer a-token-for-the-tests" },
    });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("has no policy")]);
  });
});
