import { expect, test } from "vitest";
import { BASES, judged, wronglyJudged } from "./bases.ts";

test("refuses each provenance object that was changed in any way, and never throws", () => {
  expect(BASES.map((base) => judged(base, base.text).state)).toEqual(BASES.map(() => "verified"));
  expect(wronglyJudged(100, 1)).toEqual([]);
});
