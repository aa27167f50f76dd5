import { expect, test } from "vitest";
import { contradictionsOf } from "../support/worlds.ts";

/** A few smaller ones are tried with every change. */
const FIRST = 101;
const SEEDS = 100;

test.each(Array.from({ length: SEEDS }, (_, seed) => FIRST + seed))(
  "page and files agree in world %d",
  async (seed) => {
    const { policies, wrong } = await contradictionsOf(seed);
    expect({ policies, wrong }).toEqual({ policies, wrong: [] });
  },
);
