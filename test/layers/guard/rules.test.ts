import { beforeEach, describe, expect, test, vi } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import { at, DEMO, file, HELD, NOW, OLD, withPolicy, YOUNG } from "../../support/guarded.ts";
import { filesOn, host, READER } from "../../support/hosted.ts";
import { filePath, JSON_TYPE, Rig } from "../../support/rig.ts";
import { FakeUpstream } from "../../support/upstream.ts";

let rig: Rig;
beforeEach(async () => {
  rig = withPolicy({ min_age: "3d" });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
});

describe("deny", () => {
  const INDEXES = {
    default: { sources: ["pypi"], policy: { deny: ["evil-*"] } },
    team: { sources: ["default"], hosted: true, read: "anyone", policy: { deny: ["demo<2"] } },
  };

  test("of a whole project asks no upstream, and keeps it out of the root listing", async () => {
    rig = new Rig({ INDEXES });
    const projects = [{ name: "evil-one" }, { name: "demo" }];
    const listing = { meta: { "api-version": "1.1" }, projects };
    rig.upstream.on(FakeUpstream.INDEX, () => Response.json(listing, { headers: { "Content-Type": JSON_TYPE } }));
    for (const base of ["", "/team"]) {
      expect((await rig.get(`${base}/simple/evil-one/`)).status).toBe(451);
      expect((await rig.get(`${base}/pypi/evil-one/json`)).status).toBe(451);
      const refused = await rig.get(base + filePath("evil_one-1.0-py3-none-any.whl"));
      expect([refused.status, refused.headers.get("X-Pypi-Edge-Rule")]).toEqual([403, "deny"]);
      expect(rig.upstream.requests).toEqual([]);
      for (let turn = 0; turn < 2; turn++) {
        const root = await rig.get(`${base}/simple/`);
        expect(root.text()).toContain("demo");
        expect(root.text()).not.toContain("evil-one");
      }
      rig.forget();
    }
  });

  test("adds up with the policies of the indexes below, and is for hosted files as well", async () => {
    rig = new Rig({ INDEXES });
    await rig.upstream.publish("other", [OLD]);
    const denied = await host("demo", "demo-1.0-py3-none-any.whl");
    const admitted = await host("demo", "demo-2.0-py3-none-any.whl");
    expect((await rig.get(`/team${denied.path}`)).status).toBe(403);
    expect((await rig.get(`/team${admitted.path}`)).status).toBe(200);
    expect((await rig.get("/team/find-links/")).text()).not.toContain("demo-1.0");
    await host("evil-two", "evil_two-1.0-py3-none-any.whl");
    expect((await rig.get("/team/simple/evil-two/")).status).toBe(451);
  });
});

test("yanked files are refused where the rule enforces it, although their bytes do not say so", async () => {
  rig = withPolicy({ yanked: "enforce" });
  const yanked = file("1.5", NOW - 20 * DAY, { yanked: "broken" });
  await rig.upstream.publish("demo", [OLD, yanked]);
  const open = new Rig();
  await open.upstream.publish("demo", [OLD, yanked]);
  await open.get(filePath(yanked.filename));
  expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
  expect((await rig.get(filePath(yanked.filename))).status).toBe(403);
  expect((await rig.get(filePath(OLD.filename))).status).toBe(200);
});

test("a stored file that becomes refused is reported, once, and one that is only held is not", async () => {
  rig = withPolicy({ min_age: "3d", deny: ["demo<2"] });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const open = new Rig();
  await open.upstream.publish("demo", [OLD, YOUNG], DEMO);
  for (const { filename } of [OLD, YOUNG]) await open.get(filePath(filename));
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  for (let turn = 0; turn < 2; turn++) {
    for (const { filename } of [OLD, YOUNG]) expect((await rig.get(filePath(filename))).status).toBe(403);
  }
  const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes("stored-file-blocked"));
  warn.mockRestore();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`deny: ${OLD.filename} is refused: index default denies demo<2.`);
});

const OPEN = { open: { sources: ["pypi"] } };

/** An index with this policy, and one without, over the same stores. */
const besideOpen = (policy: Record<string, unknown>) =>
  new Rig({ INDEXES: { default: { sources: ["pypi"], policy }, ...OPEN } });

test.each([
  ["status", { status: ["archived"] }],
  ["status", { status: ["deprecated", "archived"] }],
])("%s refuses the files of such projects, stored or not: %o", async (rule, policy) => {
  rig = besideOpen(policy);
  const archived = { ...DEMO, "project-status": { status: "Archived", reason: "gone" } };
  await rig.upstream.publish("demo", [OLD, YOUNG], archived);
  expect((await rig.get(`/open${filePath(OLD.filename)}`)).status).toBe(200);
  expect((await rig.get("/simple/demo/")).status).toBe(451);
  for (const { filename } of [OLD, YOUNG]) {
    const refused = await rig.get(filePath(filename));
    expect([refused.status, refused.headers.get("X-Pypi-Edge-Rule")]).toEqual([403, rule]);
  }
  // Once the project is active again, so are its files.
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  rig.wait(DAY);
  expect((await rig.get("/simple/demo/")).status).toBe(200);
  expect((await rig.get(filePath(OLD.filename))).status).toBe(200);
});

describe("why", () => {
  test("says of each file which rule refuses it, and until when", async () => {
    const answer = await rig.get("/-/why/demo");
    expect(JSON.parse(answer.text())).toEqual({
      index: "default",
      project: "demo",
      files: [
        expect.objectContaining({ filename: OLD.filename, version: "1.0", verdict: "admitted", rules: [] }),
        {
          filename: YOUNG.filename,
          version: "2.0",
          hosted: false,
          uploadTime: at(NOW - DAY),
          verdict: "refused",
          rules: [{ rule: "min-age", mode: "enforce", index: "default", sentence: HELD, until: at(NOW + 2 * DAY) }],
        },
      ],
    });
    const release = JSON.parse((await rig.get("/-/why/demo/2.0.0")).text()) as { files: unknown[] };
    expect(release.files).toHaveLength(1);
  });

  test("of a release that is not there is 404, not an answer without a file", async () => {
    const answer = await rig.get("/-/why/demo/3.0");
    expect(answer.status).toBe(404);
    expect(answer.text()).toContain("There is no version 3.0 of demo in this index");
    const page = await rig.get("/-/why/demo/3.0", { Accept: "text/html", "Sec-Fetch-Mode": "navigate" });
    expect(page.status).toBe(404);
    expect(page.text()).toContain("There is no version 3.0");
  });

  test("is a page for browsers, without a script", async () => {
    const answer = await rig.get("/-/why/demo", { Accept: "text/html" });
    expect(answer.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(answer.text()).toContain(HELD);
  });

  test("is for readers of the index only, and says so without a policy", async () => {
    const INDEXES = {
      default: { sources: ["pypi"], read: "token", policy: { min_age: "3d" } },
      open: { sources: ["pypi"] },
    };
    rig = new Rig({ INDEXES: { ...INDEXES, open: { sources: ["pypi"] } } });
    await rig.upstream.publish("demo", [OLD]);
    expect((await rig.get("/-/why/demo")).status).toBe(401);
    expect((await rig.get("/-/why/demo", READER)).status).toBe(200);
    const without = await rig.get("/open/-/why/demo");
    expect([without.status, without.text()]).toEqual([404, "Index open has no policy, so that it refuses nothing.\n"]);
    expect((await rig.get("/-/why/none", READER)).status).toBe(404);
  });
});
