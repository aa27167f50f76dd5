import { afterAll, expect, test } from "vitest";
import { MINUTE } from "../../worker/duration.ts";
import { aSecond, countOf, mostReads, SETTINGS } from "../support/node/fleet/figures.ts";
import { simulate } from "../support/node/fleet/fleet.ts";

/** A few packages of its own among many of the upstream's, as a team has them. */
const SCENE = { seed: 1, runners: 1_000, isolates: 200, within: MINUTE, hosted: 12, mirrored: 48, installs: 30 };

const table: string[][] = [];

afterAll(() => {
  const { runners, isolates, installs } = SCENE;
  const heads = [
    "",
    "requests",
    "D1 reads",
    "a second, mean / most",
    "D1 writes",
    "KV reads",
    "R2 reads",
    "cache misses",
  ];
  const lines = [heads, heads.map((_, at) => (at === 0 ? ":--" : "--:")), ...table].map(
    (row) => `| ${row.join(" | ")} |`,
  );
  console.log(
    [`${runners} runners in a minute, ${installs} packages each, ${isolates} isolates:`, ...lines].join("\n"),
  );
});

test.each(SETTINGS)(
  "a thousand runners with $what",
  async ({ what, ...setting }) => {
    const scene = { ...SCENE, ...setting };
    const figures = await simulate(scene);
    const reads = aSecond(figures, "d1.read");
    const counts = [
      figures.requests,
      countOf(figures, "d1.read"),
      `${Math.round(reads.mean)} / ${reads.most}`,
      countOf(figures, "d1.write"),
      countOf(figures, "kv.get"),
      countOf(figures, "r2.get"),
      setting.hasCache ? countOf(figures, "cache.miss") : "–",
    ];
    table.push([what, ...counts.map((count) => count.toLocaleString("en"))]);
    console.log(what, ...counts);
    expect(countOf(figures, "d1.read")).toBeLessThanOrEqual(mostReads(scene, figures));
    expect(countOf(figures, "d1.write")).toBe(setting.mints ? SCENE.runners : 0);
  },
  40 * MINUTE,
);
