import { MINUTE } from "../duration.ts";

/** A time for people, to the minute: `2026-01-31 14:05`. `iso` is ISO 8601 in UTC. */
export const minute = (iso: string) => iso.slice(0, 16).replace("T", " ");

/** The same of when something begins, rounded up: at the minute that is named, it has begun. `at` in milliseconds since the epoch. */
export const minuteFrom = (at: number) => minute(new Date(Math.ceil(at / MINUTE) * MINUTE).toISOString());
