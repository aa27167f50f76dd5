import { expect, test } from "vitest";
import { CallBudget } from "../../worker/mirroring/call-budget.ts";

test.each<[looks: number, requests: number, isSpent: boolean]>([
  [0, 0, false],
  [400, 1_000, false],
  [400, 1_200, true],
  [2_600, 0, false],
  [2_700, 0, true],
])("%i looks and %i requests: spent is %s", (looks, requests, isSpent) => {
  const budget = new CallBudget();
  for (let n = 0; n < looks; n++) budget.look();
  budget.requested(requests);
  expect(budget.isSpent).toBe(isSpent);
});
