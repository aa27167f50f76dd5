import { describe, expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import { exempter } from "../../../worker/policy/exempter.ts";
import { judgeBy, refusedProjects, refusing, warning } from "../../../worker/policy/judge.ts";
import { advisoriesOf } from "../../../worker/policy/osv/advisories.ts";
import type { AdvisoryEntry } from "../../../worker/policy/osv/record.ts";
import type { JudgedFile, Mode, Policy, RuleName } from "../../../worker/policy/policy.ts";
import { fileRuleOf } from "../../../worker/pypi/file-rule.ts";
import type { ProjectName } from "../../../worker/pypi/name.ts";
import type { PolicyEntry } from "../../../worker/pypi/policy-entry.ts";
import { modesOf } from "../../support/modes.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const policy = (modes: Partial<Record<RuleName, Mode>>, more: Partial<Policy> = {}): Policy => ({
  index: "team",
  deny: [{ text: "demo<2", pattern: "demo", specifiers: "<2" }],
  allow: [],
  minAge: 3 * DAY,
  before: NOW - 10 * DAY,
  unknownTime: "hold",
  status: ["archived"],
  provenance: { require: ["*"], regressed: false, publishers: [] },
  malware: { sources: [], delay: 0 },
  vulnerable: { floor: "high", unknown: "off" },
  modes: modesOf(modes),
  ...more,
});

const HASH = "ab".repeat(32);
const NO_HISTORY = { publishers: [], undecidedSince: Infinity };

const ADVISORIES: AdvisoryEntry[] = [
  { id: "MAL-1", malware: true, versions: ["1.0rc1"], published: NOW - DAY },
  { id: "GHSA-1", severity: "high", ranges: [[{ introduced: "0" }, { fixed: "2" }]] },
];

/** A file to which every rule applies. */
const file = (more: Partial<JudgedFile> = {}): JudgedFile => ({
  project: "demo" as ProjectName,
  filename: "demo-1.0rc1.tar.gz",
  version: "1.0rc1",
  isHosted: false,
  uploadedAt: NOW - DAY,
  isYanked: true,
  status: "archived",
  provenance: { own: { state: "missing" }, history: NO_HISTORY },
  sha256: HASH,
  source: "pypi",
  advisories: advisoriesOf(ADVISORIES),
  ...more,
});

/** The same to which none does. */
const old = {
  uploadedAt: NOW - 11 * DAY,
  isYanked: false,
  version: "2.0",
  filename: "demo-2.0.tar.gz",
  status: "active",
  provenance: { own: { state: "verified", publisher: { kind: "Google" } }, history: NO_HISTORY },
} as const;

const SENTENCES: Record<RuleName, string> = {
  malware: "demo-1.0rc1.tar.gz is refused: it is malware, MAL-1. Do not install it.",
  vulnerable:
    "demo-1.0rc1.tar.gz is refused: it is affected by GHSA-1 (high), by the rule of index team on vulnerabilities.",
  deny: "demo-1.0rc1.tar.gz is refused: index team denies demo<2.",
  before:
    "demo-1.0rc1.tar.gz is held: it was uploaded at 2026-11-21 12:00 UTC, and index team has what was uploaded before 2026-11-12 12:00 UTC.",
  "min-age":
    "demo-1.0rc1.tar.gz is held until 2026-11-24 12:00 UTC: index team admits files 3 days after their upload.",
  prerelease: "demo-1.0rc1.tar.gz is refused: it is a pre-release, of which index team has none.",
  yanked: "demo-1.0rc1.tar.gz is refused: it was yanked, and index team has no yanked files.",
  status: "demo-1.0rc1.tar.gz is refused: demo is archived, and index team has no such projects.",
  provenance: "demo-1.0rc1.tar.gz is refused: it has no provenance, which index team requires.",
};

describe.each(Object.keys(SENTENCES) as RuleName[])("the rule %s", (rule) => {
  test.each(["off", "audit", "warn", "enforce"] as const)("does what its mode %s says", (mode) => {
    const judge = judgeBy([policy({ [rule]: mode })]);
    const findings = judge(file(), NOW);
    expect(findings.map((found) => [found.rule, found.mode, found.sentence()])).toEqual(
      mode === "off" ? [] : [[rule, mode, SENTENCES[rule]]],
    );
    expect([refusing(findings)?.rule, warning(findings)?.rule]).toEqual([
      mode === "enforce" ? rule : undefined,
      mode === "warn" ? rule : undefined,
    ]);
    expect(judge(file(old), NOW)).toEqual([]);
  });

  test("says of a file that can be installed that it should not be, and of one that is only counted what would be", () => {
    const filename = "demo is refused: held until 1.0.tar.gz" as JudgedFile["filename"];
    const [found] = judgeBy([policy({ [rule]: "enforce" })])(file({ filename }), NOW);
    const rest = SENTENCES[rule].replace(/^demo-1\.0rc1\.tar\.gz is (?:held|refused)/, "");
    expect(found?.sentence("advises")).toBe(`${filename} should not be used${rest}`);
    expect(found?.sentence("would")).toMatch(new RegExp(`^${filename} would be (?:held|refused)(?:: | until )`));
  });
});

describe("age", () => {
  const judge = judgeBy([policy({ "min-age": "enforce" })]);

  test("a file is admitted from the moment on that its sentence names", () => {
    const [held] = judge(file(), NOW);
    expect(held?.until).toBe(NOW + 2 * DAY);
    expect(judge(file(), NOW + 2 * DAY - 1)).toHaveLength(1);
    expect(judge(file(), NOW + 2 * DAY)).toEqual([]);
  });

  test.each(["hold", "allow"] as const)("a file without a time of its upstream: %s", (unknownTime) => {
    const both = judgeBy([policy({ "min-age": "enforce", before: "enforce" }, { unknownTime })]);
    expect(both(file({ uploadedAt: undefined }), NOW).map(({ rule, until }) => [rule, until])).toEqual(
      unknownTime === "hold"
        ? [
            ["before", undefined],
            ["min-age", undefined],
          ]
        : [],
    );
  });

  test("a file without a time is held or let through as its source says, else as the policy does", () => {
    const unknownTimes = new Map([["torch", "allow"] as const, ["strict", "hold"] as const]);
    const both = judgeBy([policy({ "min-age": "enforce", before: "enforce" }, { unknownTimes })]);
    const rules = (source: string | undefined) => both(file({ uploadedAt: undefined, source }), NOW).length;
    expect([rules("torch"), rules("strict"), rules("pypi"), rules(undefined)]).toEqual([0, 2, 2, 2]);
    expect(both(file({ source: "torch" }), NOW)).toHaveLength(2);
  });

  test("a hosted file is never too young", () => {
    const both = judgeBy([policy({ "min-age": "enforce", before: "enforce" })]);
    expect(both(file({ isHosted: true, uploadedAt: undefined }), NOW)).toEqual([]);
  });
});

test("hosted files need no provenance, and a file whose page was not read is not judged by it", () => {
  const judge = judgeBy([policy({ provenance: "enforce" })]);
  expect(judge(file({ isHosted: true }), NOW)).toEqual([]);
  expect(judge(file({ provenance: undefined }), NOW)).toEqual([]);
});

const ALL = {
  deny: "enforce",
  before: "enforce",
  "min-age": "enforce",
  prerelease: "enforce",
  yanked: "enforce",
  status: "enforce",
  provenance: "enforce",
} as const;

const entry = (kind: PolicyEntry["kind"], text: string, more: Partial<PolicyEntry> = {}): PolicyEntry => ({
  id: "1",
  kind,
  rule: fileRuleOf(text),
  reason: "it is needed",
  ...more,
});

/** The rules that still do something to `file()`. */
const left = (more: Partial<Policy>, now = NOW) =>
  judgeBy([policy(ALL, { deny: [], ...more })])(file(), now).flatMap(({ rule, exempted }) => (exempted ? [] : [rule]));

const OTHERS = ["before", "min-age", "prerelease", "yanked", "status", "provenance"];

describe("what is let through", () => {
  test.each(["demo", "DEMO==1.0rc1", "d*", `sha256:${HASH.toUpperCase()}`])(
    "%s: no rule but deny does anything",
    (text) => {
      expect(left({ allow: [fileRuleOf(text)] })).toEqual([]);
      for (const kind of ["allow", "exemption"] as const) expect(left({ entries: [entry(kind, text)] })).toEqual([]);
      expect(left({ deny: [fileRuleOf("demo")], entries: [entry("exemption", text)] })).toEqual(["deny"]);
    },
  );

  test.each(["other", "demo>1.0", `sha256:${"00".repeat(32)}`])("%s is about another file", (text) => {
    expect(left({ allow: [fileRuleOf(text)], entries: [entry("exemption", text)] })).toEqual(OTHERS);
  });

  test("an entry counts until its end, and the finding says what it is", () => {
    const entries = [entry("exemption", "demo==1.0rc1", { until: NOW + DAY })];
    expect([left({ entries }, NOW + DAY - 1), left({ entries }, NOW + DAY)]).toEqual([[], OTHERS]);
    const [found] = judgeBy([policy(ALL, { deny: [], entries })])(file(), NOW);
    expect(found?.exempted).toEqual({
      by: "exemption",
      text: "demo==1.0rc1",
      id: "1",
      reason: "it is needed",
      until: NOW + DAY,
    });
  });

  test("an exemption that names an advisory is from that one only, and malware needs one that does", () => {
    const by = (rule: string, advisories: readonly string[], more: Partial<PolicyEntry>) =>
      exempter({ allow: [], entries: [entry("exemption", "demo", more)] })(file(), { rule, advisories }, NOW)?.by;
    expect(by("min-age", [], { advisory: "MAL-2026-1" })).toBeUndefined();
    expect(by("malware", ["MAL-2026-1"], {})).toBeUndefined();
    expect(by("malware", ["MAL-2026-1"], { advisory: "MAL-2026-2" })).toBeUndefined();
    expect(by("malware", ["MAL-2026-1"], { advisory: "MAL-2026-1" })).toBe("exemption");
    expect(by("malware", ["MAL-2026-1", "GHSA-abcd-1"], { advisory: "ghsa-ABCD-1" })).toBe("exemption");
    expect(by("vulnerable", ["PYSEC-1"], {})).toBe("exemption");
    const allowed = exempter({ allow: [fileRuleOf("demo")] });
    expect(allowed(file(), { rule: "malware", advisories: ["MAL-2026-1"] }, NOW)).toBeUndefined();
  });
});

test("an exemption from one advisory is none from another", () => {
  const records: AdvisoryEntry[] = ["MAL-1", "MAL-2"].map((id) => ({ id, malware: true, versions: ["1.0rc1"] }));
  const exemptions = (...ids: string[]) =>
    ids.map((advisory) => entry("exemption", "demo", { id: advisory, advisory }));
  const refusedBy = (...ids: string[]) =>
    refusing(
      judgeBy([policy({ malware: "enforce" }, { deny: [], entries: exemptions(...ids) })])(
        file({ advisories: advisoriesOf(records) }),
        NOW,
      ),
    )?.advisory?.id;
  expect([refusedBy(), refusedBy("MAL-1"), refusedBy("MAL-2"), refusedBy("MAL-1", "MAL-2")]).toEqual([
    "MAL-1",
    "MAL-2",
    "MAL-1",
    undefined,
  ]);
});

test("an entry that denies does so until its end, with its reason", () => {
  const entries = [entry("deny", `sha256:${HASH}`, { until: NOW + DAY })];
  const judge = judgeBy([policy({ deny: "enforce" }, { deny: [], entries })]);
  const [found] = judge(file(), NOW);
  expect([found?.until, found?.sentence()]).toEqual([
    NOW + DAY,
    `demo-1.0rc1.tar.gz is refused until 2026-11-23 12:00 UTC: index team denies sha256:${HASH} (it is needed).`,
  ]);
  expect(judge(file(), NOW + DAY)).toEqual([]);
  expect(judge(file({ sha256: undefined }), NOW)).toEqual([]);
});

test("a version that cannot be compared is denied where some versions are", () => {
  expect(judgeBy([policy({ deny: "enforce" })])(file({ version: "2004d-legacy" }), NOW)).toHaveLength(1);
  expect(judgeBy([policy({ deny: "enforce" })])(file({ version: undefined }), NOW)).toHaveLength(1);
});

test("every policy of an index must admit a file, and rules decide in one order", () => {
  const judge = judgeBy([policy({ yanked: "enforce" }), policy({ deny: "warn" }, { index: "default" })]);
  const findings = judge(file(), NOW);
  expect(findings.map(({ rule, index }) => [rule, index])).toEqual([
    ["deny", "default"],
    ["yanked", "team"],
  ]);
  expect(refusing(findings)?.rule).toBe("yanked");
});

test("a project is refused whole only where every version is denied, and enforced", () => {
  const whole = { deny: [{ text: "Evil_*", pattern: "Evil_*", specifiers: "" }] };
  const name = "evil-tools" as ProjectName;
  expect(refusedProjects([policy({ deny: "enforce" }, whole)])(name, NOW)?.sentence()).toBe(
    "evil-tools is refused: index team denies Evil_*.",
  );
  expect(refusedProjects([policy({ deny: "audit" }, whole)])(name, NOW)).toBeUndefined();
  const soon = { deny: [], entries: [entry("deny", "evil-*", { until: NOW + DAY })] };
  const soonRefused = refusedProjects([policy({ deny: "enforce" }, soon)]);
  expect([soonRefused(name, NOW)?.rule, soonRefused(name, NOW + DAY)]).toEqual(["deny", undefined]);
  expect(refusedProjects([policy({ deny: "enforce" })])("demo" as ProjectName, NOW)).toBeUndefined();
});
