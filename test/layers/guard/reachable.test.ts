import { expect, test } from "vitest";
import { contradictionsOf } from "../../support/worlds.ts";

/** More of them are tried with the matrix. */
const SEEDS = 4;

test.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))("page and files agree: world %d", async (seed) => {
  const { policies, wrong } = await contradictionsOf(seed);
  expect({ policies, wrong }).toEqual({ policies, wrong: [] });
});
