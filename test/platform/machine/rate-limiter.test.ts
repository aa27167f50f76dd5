import { expect, test } from "vitest";
import { openRateLimiter } from "../../../server/rate-limiter.ts";
import { rateLimiterSuite } from "../suites/rate-limiter.ts";

rateLimiterSuite(() => openRateLimiter({ limit: 3, period: 60_000 }, () => 0));

/** Whether each call, one after the other, is within a limit of 2 a minute. */
async function within(
  keys: readonly string[],
  now: () => number,
  limiter = openRateLimiter({ limit: 2, period: 60_000 }, now),
) {
  const said: boolean[] = [];
  for (const key of keys) said.push((await limiter.limit({ key })).success);
  return said;
}

test("so many calls with one key are within the limit, and another key is counted by itself", async () => {
  expect(await within(["one", "one", "one", "two"], () => 0)).toEqual([true, true, false, true]);
});

test("a period's calls do not count in the next, and a clock that is set back begins a new one", async () => {
  let now = 600_000;
  const limiter = openRateLimiter({ limit: 1, period: 60_000 }, () => now);
  const twice = () => within(["one", "one"], () => now, limiter);
  expect(await twice()).toEqual([true, false]);
  now += 60_000;
  expect(await twice()).toEqual([true, false]);
  now = 0;
  expect(await twice()).toEqual([true, false]);
});
