import { beforeEach, describe, expect, test } from "vitest";
import { pendingFiles } from "../../../../schema/policy-outlook.ts";
import { policyReport } from "../../../../schema/policy-report.ts";
import { DAY, HOUR } from "../../../../worker/duration.ts";
import type { OsvRecord } from "../../../../worker/policy/osv/record.ts";
import { at, DEMO, file, NOW, OLD, withPolicy } from "../../../support/guarded.ts";
import { filesOn, host, READER } from "../../../support/hosted.ts";
import { demoRecord, storeAdvisories } from "../../../support/osv.ts";
import { call } from "../../../support/releases.ts";
import { filePath, Rig } from "../../../support/rig.ts";
import { contextIn } from "../../../support/tokens.ts";

const BAD = file("2.0", NOW - 20 * DAY);
const MALWARE = demoRecord("MAL-2026-1", { aliases: ["GHSA-9"], published: "2026-11-22T00:00:00Z" }, "2.0");
const HIGH = demoRecord("GHSA-1", { database_specific: { severity: "HIGH" }, aliases: ["CVE-1"] }, "1.0");
const UNRATED = demoRecord("PYSEC-1", {}, "1.0");

/** An index with a policy, the project and these advisories. */
async function indexOf(policy: Record<string, unknown>, records: readonly OsvRecord[] | undefined): Promise<Rig> {
  const rig = withPolicy(policy);
  await rig.upstream.publish("demo", [OLD, BAD], DEMO);
  if (records) await storeAdvisories(rig, records);
  return rig;
}

const statuses = async (rig: Rig) =>
  Promise.all([OLD, BAD].map(async ({ filename }) => (await rig.get(filePath(filename))).status));

interface Why {
  readonly files: readonly { readonly verdict: string; readonly rules: readonly Record<string, unknown>[] }[];
}

const why = async (rig: Rig) => JSON.parse((await rig.get("/-/why/demo")).text()) as Why;

describe("malware", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await indexOf({ malware: "enforce", allow: ["demo"] }, [MALWARE, HIGH]);
  });

  test("is on no page and at no address, also where it is allowed and stored", async () => {
    const open = new Rig();
    await open.upstream.publish("demo", [OLD, BAD], DEMO);
    await open.get(filePath(BAD.filename));
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
    expect(await statuses(rig)).toEqual([200, 403]);
    const refused = await rig.get(`${filePath(BAD.filename)}.metadata`);
    expect([refused.status, refused.headers.get("X-Pypi-Edge-Rule")]).toEqual([403, "malware"]);
    expect(refused.text()).toContain("it is malware, MAL-2026-1");
  });

  test("is explained with the advisory and its link", async () => {
    const { files } = await why(rig);
    expect(files.map(({ verdict }) => verdict)).toEqual(["admitted", "refused"]);
    expect(files[1]?.rules).toEqual([
      expect.objectContaining({
        rule: "malware",
        advisory: { id: "MAL-2026-1", aliases: ["GHSA-9"], url: "https://osv.dev/vulnerability/MAL-2026-1" },
      }),
    ]);
    expect((await rig.get("/-/why/demo", { Accept: "text/html" })).text()).toContain(
      '<a href="https://osv.dev/vulnerability/MAL-2026-1">MAL-2026-1, GHSA-9</a>',
    );
  });

  test("that is learned of later is refused from then on, and what was a false alarm is given again", async () => {
    await storeAdvisories(rig, [HIGH]);
    expect(filesOn(await rig.page("demo"))).toHaveLength(2);
    expect(await statuses(rig)).toEqual([200, 200]);
    await storeAdvisories(rig, [MALWARE]);
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
    expect(await statuses(rig)).toEqual([200, 403]);
  });

  test("a project that is malware whole is 451", async () => {
    await storeAdvisories(rig, [demoRecord("MAL-2", {}, "1.0", "2.0")]);
    const page = await rig.page("demo");
    expect([page.status, page.headers.get("X-Pypi-Edge-Rule")]).toEqual([451, "malware"]);
  });

  test("hosted files are the team's own, whatever is known of the name", async () => {
    const INDEXES = {
      default: { sources: ["pypi"] },
      team: { sources: ["default"], hosted: true, policy: { malware: "enforce" } },
    };
    rig = new Rig({ INDEXES });
    await storeAdvisories(rig, [MALWARE]);
    const { path } = await host("demo", "demo-2.0-py3-none-any.whl");
    expect((await rig.get(`/team${path}`, READER)).status).toBe(200);
  });

  test("is looked up with one read, and then in memory", async () => {
    rig.restart();
    rig.forget();
    await rig.page("demo");
    const { "r2.get": read = 0 } = rig.counts;
    rig.forget();
    await rig.page("demo");
    expect([read, rig.counts["r2.get"] ?? 0]).toEqual([1, 0]);
  });

  test("a store that fails is no reason to let it through", async () => {
    rig.restart();
    rig.breakOnce("r2.get");
    expect((await rig.page("demo")).status).toBe(503);
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
  });
});

describe("an exemption that names no advisory", () => {
  const exempt = (rig: Rig, what: string, more: Record<string, unknown> = {}) =>
    call(rig, "POST", "policy/entries", {
      index: "default",
      kind: "exemption",
      what: [what],
      reason: "It is needed.",
      expires: "7d",
      ...more,
    });

  test.each([
    [
      "a release",
      "demo==2.0",
      [MALWARE],
      "demo==2.0 is malware by what is known, which is let through only by an exemption",
    ],
    ["a project", "demo", [MALWARE, demoRecord("MAL-2026-2", {}, "1.0")], "advisory: MAL-2026-1, MAL-2026-2"],
  ])("is refused for %s that only malware blocks, and told which to name", async (_, what, records, sentence) => {
    const rig = await indexOf({ malware: "enforce" }, records);
    const { status, text } = await exempt(rig, what);
    expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
    expect((await exempt(rig, what, { advisory: "MAL-2026-1" })).status).toBe(201);
    expect(await statuses(rig)).toContain(200);
  });

  test.each([
    ["another rule refuses it, too", { malware: "enforce", min_age: "60d" }, "demo==2.0"],
    ["files of the project are free of it", { malware: "enforce" }, "demo"],
    ["malware is only counted", { malware: "audit" }, "demo==2.0"],
    ["there is no such release", { malware: "enforce" }, "demo==3.0"],
  ])("is made where %s", async (_, policy, what) => {
    const { status, json } = await exempt(await indexOf(policy, [MALWARE]), what);
    expect([status, json?.["remarks"]]).toEqual([201, []]);
  });

  test("is made where the page cannot be read, with a remark", async () => {
    const rig = withPolicy({ malware: "enforce" });
    await storeAdvisories(rig, [MALWARE]);
    rig.upstream.down = true;
    const { status, json } = await exempt(rig, "demo==2.0");
    expect([status, json?.["remarks"]]).toEqual([
      201,
      [expect.stringContaining("Where it is malware, the exemption has no effect")],
    ]);
  });
});

describe("malware with a table", () => {
  test("counts only the sources that it names", async () => {
    const rig = await indexOf({ malware: { sources: ["GHSA"] } }, [MALWARE]);
    expect(await statuses(rig)).toEqual([200, 200]);
  });

  test("is counted at first and refused when its delay is over", async () => {
    const rig = await indexOf({ malware: { delay: "13h" } }, [MALWARE]);
    const page = await rig.page("demo");
    expect(filesOn(page)).toHaveLength(2);
    const { files } = await why(rig);
    expect(files[1]?.rules[0]).toMatchObject({ mode: "audit", until: "2026-11-22T13:00:00.000Z" });
    rig.wait(HOUR);
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
    expect(await statuses(rig)).toEqual([200, 403]);
  });
});

describe("vulnerable", () => {
  test.each([
    [{ severity: "critical" }, [200, 200]],
    [{ severity: "high" }, [403, 200]],
    [{ severity: "high", mode: "audit" }, [200, 200]],
  ])("%j", async (vulnerable, expected) => {
    expect(await statuses(await indexOf({ vulnerable }, [HIGH]))).toEqual(expected);
  });

  test.each([
    ["off", [200, 200]],
    ["audit", [200, 200]],
    ["enforce", [403, 200]],
  ])("unknown severity has a mode of its own: %s", async (unknown, expected) => {
    const rig = await indexOf({ vulnerable: { severity: "low", mode: "audit", unknown } }, [UNRATED]);
    expect(await statuses(rig)).toEqual(expected);
  });

  test("what is allowed is exempt", async () => {
    const rig = await indexOf({ vulnerable: { severity: "high" }, allow: ["demo==1.0"] }, [HIGH]);
    expect(await statuses(rig)).toEqual([200, 200]);
  });

  test("marks a file with its sentence where it warns", async () => {
    const rig = await indexOf({ vulnerable: { severity: "high", mode: "warn" } }, [HIGH]);
    const { json } = await rig.page("demo");
    expect(json?.files.map(({ yanked }) => yanked)).toEqual([expect.stringContaining("GHSA-1 (high)"), false]);
  });
});

test("why names the advisories of which it cannot be told whether they affect a file, which they do not refuse", async () => {
  const legacy = file("2004d-legacy", NOW - 30 * DAY);
  const rig = withPolicy({ vulnerable: { severity: "low" } });
  await rig.upstream.publish("demo", [OLD, legacy], DEMO);
  const events = [{ introduced: "1.5" }];
  const affected = [{ package: { ecosystem: "PyPI", name: "demo" }, ranges: [{ type: "ECOSYSTEM", events }] }];
  await storeAdvisories(rig, [{ id: "GHSA-1", database_specific: { severity: "HIGH" }, affected }]);
  const { files } = await why(rig);
  const advisory = { id: "GHSA-1", aliases: [], severity: "high", url: "https://osv.dev/vulnerability/GHSA-1" };
  expect(files).toEqual([
    expect.not.objectContaining({ undecided: expect.anything() }),
    expect.objectContaining({ verdict: "admitted", rules: [], undecided: [advisory] }),
  ]);
  const html = (await rig.get("/-/why/demo", { Accept: "text/html" })).text();
  expect(html).toContain("Whether GHSA-1 affects it cannot be told: a version is not of PEP 440.");
});

test.each([
  [{ malware: "enforce" }, "allow", 200],
  [{ malware: "enforce" }, "refuse", 403],
  [{ malware: { delay: "1h" } }, "refuse", 403],
  [{ malware: "audit" }, "refuse", 200],
  [{ malware: "warn" }, "refuse", 200],
  [{ vulnerable: { severity: "critical" } }, "allow", 200],
  [{ vulnerable: { severity: "critical" } }, "refuse", 403],
  [{ vulnerable: { severity: "critical", mode: "audit" } }, "refuse", 200],
  [{ vulnerable: { severity: "critical", mode: "audit", unknown: "enforce" } }, "refuse", 403],
  [{ vulnerable: { severity: "critical", mode: "off", unknown: "enforce" } }, "refuse", 200],
])("without advisories: %j, on_missing = %s", async (policy, onMissing, status) => {
  const rig = await indexOf({ ...policy, on_missing: onMissing }, undefined);
  expect(await statuses(rig)).toEqual([status, status]);
});

describe("a young version that mends the newest one that is admitted", () => {
  const FRESH = file("2.0.1", NOW - HOUR);
  let rig: Rig;
  beforeEach(async () => {
    rig = withPolicy({ min_age: "3d" }, { METRICS: "open" });
    await rig.upstream.publish("demo", [OLD, BAD, FRESH], DEMO);
    const events = [{ introduced: "0" }, { fixed: "2.0.1" }];
    const affected = [{ package: { ecosystem: "PyPI", name: "demo" }, ranges: [{ type: "ECOSYSTEM", events }] }];
    await storeAdvisories(rig, [{ id: "GHSA-1", database_specific: { severity: "CRITICAL" }, affected }]);
  });

  test("is held like any other, and shown as such", async () => {
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename, BAD.filename]);
    const { files } = JSON.parse((await rig.get("/-/why/demo")).text()) as { files: { fixes?: unknown }[] };
    const advisory = { id: "GHSA-1", aliases: [], severity: "critical", url: "https://osv.dev/vulnerability/GHSA-1" };
    expect(files.map(({ fixes }) => fixes)).toEqual([undefined, undefined, { newest: "2.0", advisories: [advisory] }]);
    expect((await rig.get("/-/why/demo/2.0.1", { Accept: "text/html" })).text()).toContain(
      "The newest version that is admitted, 2.0, is affected by GHSA-1 (critical); this one is not.",
    );
  });

  const FIX = { project: "demo", version: "2.0.1", until: at(NOW + 3 * DAY - HOUR), newest: "2.0" };
  const idsOf = (fixes: readonly { readonly advisories: readonly { readonly id: string }[] }[]) =>
    fixes.map(({ advisories, ...fix }) => ({ ...fix, advisories: advisories.map(({ id }) => id) }));

  test("is in the report on a lock of what is given instead, and in what is pending", async () => {
    const report = await rig.post("policy/report?filename=requirements.txt", "demo==2.0\n");
    const { counts, heldFixes } = policyReport.parse(JSON.parse(report.text()));
    expect([counts.allowed, idsOf(heldFixes)]).toEqual([1, [{ ...FIX, advisories: ["GHSA-1"] }]]);
    await rig.page("demo");
    rig.wait(301_000);
    rig.services.flush(contextIn(rig));
    await rig.get("/-/metrics");
    const { json } = await call(rig, "GET", "policy/pending");
    expect(idsOf(pendingFiles.parse(json).heldFixes)).toEqual([{ ...FIX, advisories: ["GHSA-1"] }]);
  });

  test("is counted with each request for the page, also where no rule asks for advisories", async () => {
    const counted = async () =>
      /pypi_edge_policy_held_fixes_total\{rule="min-age"\} (\d+)/.exec((await rig.get("/-/metrics")).text())?.[1];
    expect(await counted()).toBeUndefined();
    for (let turn = 0; turn < 2; turn++) await rig.page("demo");
    await rig.get("/@pre=no/simple/demo/");
    await rig.get("/-/why/demo");
    expect(await counted()).toBe("2");
    // What is known of it now is found out within the hour.
    await storeAdvisories(rig, []);
    rig.wait(HOUR);
    await rig.page("demo");
    expect(await counted()).toBe("2");
  });

  test("is none where it is yanked, or refused for another reason as well", async () => {
    await rig.upstream.publish("demo", [OLD, BAD, file("2.0.1", NOW - HOUR, { yanked: "broken" })], DEMO);
    expect((await rig.get("/-/why/demo")).text()).not.toContain("fixes");
    rig = withPolicy({ min_age: "3d", provenance: "require", allow: ["demo==2.0"] });
    await rig.upstream.publish("demo", [OLD, BAD, FRESH], DEMO);
    expect((await rig.get("/-/why/demo")).text()).not.toContain("fixes");
  });

  test("is looked for of what clients choose: not of a version that is marked", async () => {
    rig = withPolicy({ min_age: "3d", vulnerable: { severity: "high", mode: "warn" } });
    const fixed = file("1.5", NOW - 20 * DAY);
    await rig.upstream.publish("demo", [fixed, BAD, FRESH], DEMO);
    const events = [{ introduced: "2" }, { fixed: "2.0.1" }];
    const affected = [{ package: { ecosystem: "PyPI", name: "demo" }, ranges: [{ type: "ECOSYSTEM", events }] }];
    await storeAdvisories(rig, [{ id: "GHSA-1", database_specific: { severity: "CRITICAL" }, affected }]);
    expect((await rig.get("/-/why/demo")).text()).not.toContain("fixes");
  });

  test("is no fix once it is admitted, nor one that is affected itself", async () => {
    await rig.upstream.publish("demo", [OLD, BAD, file("1.9", NOW - HOUR)], DEMO);
    expect((await rig.get("/-/why/demo")).text()).not.toContain("fixes");
    rig.wait(4 * DAY);
    expect((await rig.get("/-/why/demo")).text()).not.toContain("fixes");
  });
});
