import { describe, expect, test } from "vitest";
import { firstViolation } from "../support/node/staleness/schedules.ts";
import { MUTATIONS } from "../support/node/staleness/world.ts";

/** A hundred thousand others: test/clients/matrix/staleness.test.ts. */
const SCHEDULES = 2_000;

describe("in any order of writers, isolates and caches, with slow queries, late copies, failures and clocks that differ", () => {
  test("no read contradicts an answer that was given before it began", async () => {
    const { violation, reads, queries } = await firstViolation(1, SCHEDULES);
    expect(violation).toBeUndefined();
    // Where nothing is reused, nothing is tried.
    expect([reads > 10 * SCHEDULES, queries < 0.6 * reads]).toEqual([true, true]);
  });

  test.each(MUTATIONS)("one does where %s", async (mutation) => {
    expect((await firstViolation(1, 20_000, mutation)).violation).toMatch(/^seed \d+: at \d+ /);
  });
});
