import { expect, test } from "vitest";
import { SECOND } from "../../worker/duration.ts";
import { countOf, mostReads, SETTINGS } from "../support/node/fleet/figures.ts";
import { simulate, type Figures } from "../support/node/fleet/fleet.ts";

/** A thousand runners and 200 isolates: test/bench/fleet.test.ts. */
const SCENE = { seed: 1, runners: 24, isolates: 16, within: 2 * SECOND, hosted: 1, mirrored: 3, installs: 3 };

const found = new Map<string, Figures>();

/** Each setting is simulated once. */
async function figuresWith({ what, ...setting }: (typeof SETTINGS)[number]): Promise<Figures> {
  const figures = found.get(what) ?? (await simulate({ ...SCENE, ...setting }));
  found.set(what, figures);
  return figures;
}

test.each(SETTINGS)(
  "with $what each isolate reads the database once in the time that a read is reused, and a mint is one write",
  async (setting) => {
    const scene = { ...SCENE, ...setting };
    const figures = await figuresWith(setting);
    expect(figures.requests).toBe(scene.runners * (scene.installs * 3 + Number(scene.mints)));
    expect(countOf(figures, "d1.read")).toBeLessThanOrEqual(mostReads(scene, figures));
    expect(countOf(figures, "d1.write")).toBe(scene.mints ? scene.runners : 0);
    // Counts, uses of files, uses of tokens.
    expect(figures.written).toBeLessThanOrEqual(3 * scene.isolates);
  },
);

test("isolates that ask at different moments share what one has read by the data centre's cache", async () => {
  const shared = await figuresWith(SETTINGS[0]);
  const alone = await figuresWith(SETTINGS[1]);
  expect(countOf(shared, "d1.read")).toBeLessThan(countOf(alone, "d1.read") / 2);
});
