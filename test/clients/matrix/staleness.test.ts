import { expect, test } from "vitest";
import { firstViolation } from "../../support/node/staleness/schedules.ts";

/** Two minutes, or some more on a machine that has other work. */
const TIMEOUT = 15 * 60_000;

test(
  "in a hundred thousand orders of events no read contradicts an answer that was given before it began",
  { timeout: TIMEOUT },
  async () => {
    expect((await firstViolation(10_000, 110_000)).violation).toBeUndefined();
  },
);
