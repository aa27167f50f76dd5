import type { RateLimiter } from "../worker/platform/rate-limiter.ts";

/** How many calls with one key are allowed in how many milliseconds. */
export interface RateLimit {
  readonly limit: number;
  readonly period: number;
}

/** If there are more keys within a period, those that were first are forgotten. */
const MAX_KEYS = 50_000;

/**
 * A rate limiter in memory: a period begins for all keys at once, so that nothing of the last one has to be kept.
 *
 * @param now milliseconds since the epoch
 */
export function openRateLimiter({ limit, period }: RateLimit, now: () => number): RateLimiter {
  const counts = new Map<string, number>();
  let current = 0;
  return {
    limit({ key }) {
      const at = Math.floor(now() / period);
      if (at !== current) counts.clear();
      current = at;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const [oldest] = counts.keys();
      if (counts.size > MAX_KEYS && oldest !== undefined) counts.delete(oldest);
      return Promise.resolve({ success: count <= limit });
    },
  };
}
