import { describe, expect, test } from "vitest";
import { prunableReleases, type KeepRules, type KeptRelease } from "../../worker/publishing/releases/prunable.ts";
import { Random } from "../fuzz/random.ts";
import { check, KEEP, ORDER, type Known } from "../support/kept-rules.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-29T00:00:00Z");

const RULES: KeepRules = { perProject: undefined, dev: undefined, prerelease: undefined, unused: 30 * DAY };

/** A release that was last uploaded and used a year ago, where nothing else is said. */
const old = (version: string, more: Partial<KeptRelease> = {}): KeptRelease => {
  const uploadedAt = NOW - 365 * DAY;
  return { version, uploadedAt, usedAt: uploadedAt, isOffered: true, isPromoted: false, ...more };
};

const prune = (releases: readonly (string | KeptRelease)[], rules: Partial<KeepRules>) =>
  prunableReleases(
    releases.map((each) => (typeof each === "string" ? old(each) : each)),
    { ...RULES, ...rules },
    NOW,
  ).map(({ version, reason }) => `${version} ${reason}`);

describe("dev and prerelease", () => {
  test("take what is older, each of its own kind, whatever the order of upload", () => {
    const all = ["1.0.dev1", "2.0", "1.0rc1", "1.0rc1.dev1", "1.0", "2.0.post1.dev3", "2.0.post1", "3.0.dev1"];
    expect(prune(all, { dev: 90 * DAY })).toEqual(["2.0.post1.dev3 dev", "1.0rc1.dev1 dev", "1.0.dev1 dev"]);
    expect(prune(all, { prerelease: 90 * DAY })).toEqual(["1.0rc1 prerelease"]);
  });

  test("count from the file that was uploaded last", () => {
    const younger = old("1.0.dev2", { uploadedAt: NOW - 100 * DAY });
    expect(prune(["1.0", "1.0.dev1", younger], { dev: 200 * DAY })).toEqual(["1.0.dev1 dev"]);
  });
});

describe("per_project", () => {
  test("keeps the highest of each kind by PEP 440: a pre-release takes no final one's place", () => {
    const finals = ["1.9", "1.10", "1.10+local.2", "1.10.post1", "1!0.1"];
    const devs = ["2!1.dev1", "2!1.dev2", "2!1.dev10"];
    expect(prune([...devs, ...finals, "1.11rc1"], { perProject: 2 })).toEqual([
      "2!1.dev1 per_project",
      "1.10+local.2 per_project",
      "1.10 per_project",
      "1.9 per_project",
    ]);
  });
});

describe("never goes", () => {
  const rules = { perProject: 1, dev: DAY, prerelease: DAY };

  test("the newest of all, and the newest final one, also where only pre-releases are newer", () => {
    expect(prune(["1.0", "2.0rc1", "2.0rc2.dev1"], rules)).toEqual(["2.0rc1 prerelease"]);
    expect(prune(["2.0.dev1", "2.0.dev2"], rules)).toEqual(["2.0.dev1 dev"]);
    expect(prune(["1.0"], rules)).toEqual([]);
  });

  test("the newest that installers take, where newer ones are yanked", () => {
    expect(prune(["1.0", "2.0", old("3.0", { isOffered: false })], rules)).toEqual(["1.0 per_project"]);
  });

  test("what was used or uploaded lately, whose record may be two days too early", () => {
    const used = (days: number) => prune([old("1.0", { usedAt: NOW - days * DAY }), "2.0"], rules);
    expect([used(1), used(32), used(32.1)]).toEqual([[], [], ["1.0 per_project"]]);
    expect(prune([old("1.0", { uploadedAt: NOW - DAY }), "2.0"], rules)).toEqual([]);
  });

  test("what another index has as well, and what is no version", () => {
    expect(prune([old("1.0", { isPromoted: true }), "not-a-version", "2.0"], rules)).toEqual([]);
  });
});

test("in thousands of random states what goes was old, unused, and never the newest; and something goes", () => {
  const random = new Random(20_261_129);
  let gone = 0;
  for (let state = 0; state < 3_000; state++) {
    const there = new Map<string, Known>();
    for (const version of ORDER) {
      if (random.oneIn(3)) continue;
      const uploadedAt = NOW - random.below(30 * DAY);
      const usedAt = random.oneIn(2) ? uploadedAt : uploadedAt + random.below(NOW - uploadedAt);
      there.set(version, { path: "", uploadedAt, usedAt, yanked: random.oneIn(3), promoted: random.oneIn(6) });
    }
    // A record may be two days too early.
    const releases = [...there].map(([version, { uploadedAt, usedAt, yanked, promoted }]) =>
      old(version, { uploadedAt, usedAt: usedAt - random.below(2 * DAY), isOffered: !yanked, isPromoted: promoted }),
    );
    // In whatever order the database gives them.
    const shuffled = releases.toSorted(() => random.below(3) - 1);
    const rules = {
      perProject: KEEP.per_project,
      dev: KEEP.dev * DAY,
      prerelease: KEEP.prerelease * DAY,
      unused: KEEP.unused * DAY,
    };
    const found = prunableReleases(shuffled, rules, NOW).map(({ version }) => version);
    check(there, found, 0, NOW);
    gone += found.length;
  }
  expect(gone).toBeGreaterThan(3_000);
});
