import { expect, test } from "vitest";
import { isSampled } from "../../worker/mirroring/sample.ts";

const names = Array.from({ length: 10_000 }, (_, at) => `project-${at}`);
const chosen = (sample: number, beganAt: number) => names.filter((name) => isSampled(name, { sample, beganAt }));

test("a sample has about so many of the projects, the same in each run, and others in another verification", () => {
  const [one, again, other] = [chosen(5, 1), chosen(5, 1), chosen(5, 1_796_000_000_000)];
  expect(one).toEqual(again);
  for (const each of [one, other]) expect(each.length / 500).toBeCloseTo(1, 0.5);
  const both = one.filter((name) => other.includes(name));
  expect(both.length).toBeLessThan(100);
  expect(chosen(100, 1)).toHaveLength(10_000);
});
