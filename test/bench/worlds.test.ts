import { expect, test } from "vitest";
import { MINUTE } from "../../worker/duration.ts";
import { contradictionsOf } from "../support/worlds.ts";

/** A few smaller ones are tried with every change. */
const FIRST = 101;
const SEEDS = 60;

test.each(Array.from({ length: SEEDS }, (_, seed) => FIRST + seed))(
  "page and files agree in world %d",
  async (seed) => {
    const { policies, wrong } = await contradictionsOf(seed);
    expect({ policies, wrong }).toEqual({ policies, wrong: [] });
  },
  MINUTE,
);
