import { HOUR, inSeconds } from "../worker/duration.ts";

/**
 * The variables of `plan = "free"`. Nothing is fetched that no client has asked for, R2's 10 GB have room for uploads, and a
 * stranger can fill a small part of them in a day. docs/deploy.md says what the free plan cannot do all the same.
 */
export const FREE_PLAN_VARS = {
  FEED: false,
  POPULAR: 0,
  QUOTA: 8,
  NEW_A_DAY: 1,
  // Without a change log, a page of an hour is asked for upstream once an hour.
  PAGE_TTL: inSeconds(HOUR),
} as const;
