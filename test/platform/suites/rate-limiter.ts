import { expect, test } from "vitest";
import type { RateLimiter } from "../../../worker/platform/rate-limiter.ts";

/** @param open gives a limiter that has counted nothing and allows three calls at least */
export function rateLimiterSuite(open: () => RateLimiter): void {
  test("a rate limiter says of each call whether it is within the limit of its key", async () => {
    const limiter = open();
    const calls = ["one", "two", "one"].map((key) => limiter.limit({ key }));
    expect((await Promise.all(calls)).map(({ success }) => success)).toEqual([true, true, true]);
  });
}
