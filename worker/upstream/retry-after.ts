import { HOUR, inSeconds } from "../duration.ts";
import type { FetchAnswer } from "../platform/platform.ts";

/** A longer `Retry-After` is shortened to this. Seconds. */
const LONGEST = inSeconds(HOUR);

/**
 * The `Retry-After` of a 429 or 503, given as seconds or as a date (RFC 9110, 10.2.3), in seconds; undefined where there is none.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterOf({ status, headers }: FetchAnswer, now: number): number | undefined {
  const text = headers.get("Retry-After")?.trim();
  if (text === undefined || (status !== 429 && status !== 503)) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil(inSeconds(Date.parse(text) - now));
  return Number.isNaN(seconds) ? undefined : boundedRetryAfter(seconds);
}

/** `seconds`, at least 0 and at most an hour. */
export const boundedRetryAfter = (seconds: number) => Math.min(Math.max(seconds, 0), LONGEST);
