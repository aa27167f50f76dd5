import { describe, expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import { judgeBy, refusedProjects, refusing, warning } from "../../../worker/policy/judge.ts";
import type { JudgedFile, Mode, Policy, RuleName } from "../../../worker/policy/policy.ts";
import type { ProjectName } from "../../../worker/pypi/name.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const OFF = {
  deny: "off",
  before: "off",
  "min-age": "off",
  prerelease: "off",
  yanked: "off",
  status: "off",
  provenance: "off",
} as const;

const policy = (modes: Partial<Record<RuleName, Mode>>, more: Partial<Policy> = {}): Policy => ({
  index: "team",
  deny: [{ text: "demo<2", pattern: "demo", specifiers: "<2" }],
  allow: [],
  minAge: 3 * DAY,
  before: NOW - 10 * DAY,
  unknownTime: "hold",
  status: ["archived"],
  provenance: "regressed",
  modes: { ...OFF, ...modes },
  ...more,
});

/** A file to which every rule applies. */
const file = (more: Partial<JudgedFile> = {}): JudgedFile => ({
  project: "demo" as ProjectName,
  filename: "demo-1.0rc1.tar.gz",
  version: "1.0rc1",
  isHosted: false,
  uploadedAt: NOW - DAY,
  isYanked: true,
  status: "archived",
  provenance: "lost",
  ...more,
});

/** The same to which none does. */
const old = {
  uploadedAt: NOW - 11 * DAY,
  isYanked: false,
  version: "2.0",
  filename: "demo-2.0.tar.gz",
  status: "active",
  provenance: "missing",
} as const;

const SENTENCES: Record<RuleName, string> = {
  deny: "demo-1.0rc1.tar.gz is refused: index team denies demo<2.",
  before:
    "demo-1.0rc1.tar.gz is held: it was uploaded at 2026-11-21 12:00 UTC, and index team has what was uploaded before 2026-11-12 12:00 UTC.",
  "min-age":
    "demo-1.0rc1.tar.gz is held until 2026-11-24 12:00 UTC: index team admits files 3 days after their upload.",
  prerelease: "demo-1.0rc1.tar.gz is refused: it is a pre-release, of which index team has none.",
  yanked: "demo-1.0rc1.tar.gz is refused: it was yanked, and index team has no yanked files.",
  status: "demo-1.0rc1.tar.gz is refused: demo is archived, and index team has no such projects.",
  provenance: "demo-1.0rc1.tar.gz is refused: it has no provenance, and an earlier file of demo has.",
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

  test("a hosted file is never too young", () => {
    const both = judgeBy([policy({ "min-age": "enforce", before: "enforce" })]);
    expect(both(file({ isHosted: true, uploadedAt: undefined }), NOW)).toEqual([]);
  });
});

test.each([
  ["present", undefined],
  ["missing", "demo-1.0rc1.tar.gz is refused: it has no provenance, which index team requires."],
  // No page was read, or it does not list the file.
  [undefined, "demo-1.0rc1.tar.gz is refused: it has no provenance, which index team requires."],
] as const)("where provenance is required, a file whose provenance is %s: %s", (provenance, sentence) => {
  const judge = judgeBy([policy({ provenance: "enforce" }, { provenance: "require" })]);
  expect(judge(file({ provenance }), NOW)[0]?.sentence()).toBe(sentence);
  expect(judge(file({ provenance, isHosted: true }), NOW)).toEqual([]);
});

test("what is allowed is exempt from every rule but deny", () => {
  const all = {
    deny: "enforce",
    before: "enforce",
    "min-age": "enforce",
    prerelease: "enforce",
    yanked: "enforce",
    status: "enforce",
    provenance: "enforce",
  } as const;
  const judge = judgeBy([policy(all, { allow: [{ text: "demo", pattern: "demo", specifiers: "" }] })]);
  expect(judge(file(), NOW).map(({ rule }) => rule)).toEqual(["deny"]);
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
  expect(refusedProjects([policy({ deny: "enforce" }, whole)])(name)?.sentence()).toBe(
    "evil-tools is refused: index team denies Evil_*.",
  );
  expect(refusedProjects([policy({ deny: "audit" }, whole)])(name)).toBeUndefined();
  expect(refusedProjects([policy({ deny: "enforce" })])("demo" as ProjectName)).toBeUndefined();
});
