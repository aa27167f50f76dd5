/** Whoever asks for more patience gets this much. Seconds. */
const LONGEST = 3_600;

/**
 * For how many seconds an answer asks to be left alone (RFC 9110, 10.2.3): seconds, or a date; undefined where it does not.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterOf({ status, headers }: Response, now: number): number | undefined {
  const text = headers.get("Retry-After")?.trim();
  if (text === undefined || (status !== 429 && status !== 503)) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1_000);
  return Number.isNaN(seconds) ? undefined : bounded(seconds);
}

/** At least now, at most in an hour. Seconds. */
export const bounded = (seconds: number) => Math.min(Math.max(seconds, 0), LONGEST);
