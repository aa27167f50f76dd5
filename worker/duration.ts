/** Units of time, in milliseconds: every duration of ours is a number of milliseconds, unless its name says seconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;
export const YEAR = 365 * DAY;

/** `duration` milliseconds, for what counts in seconds: `max-age`, `Retry-After`, KV's `expirationTtl`, a JWT's claims, texts. */
export const inSeconds = (duration: number): number => duration / SECOND;
