import { STALENESS } from "../../../../worker/cloudflare/settings.ts";
import { SECOND } from "../../../../worker/duration.ts";
import { READ_AHEAD } from "../../../../worker/storage/snapshots/reader.ts";
import type { Figures, Scene } from "./fleet.ts";
import type { Call } from "./stores.ts";

/** What is read by snapshots on the way of a read: what the tokens allow, and what the index hosts. */
const SUBJECTS = 2;

/** Where a scene is tried: with or without the data centre's cache, with one token or with one each. */
export const SETTINGS = [
  { what: "one token", hasCache: true, mints: false },
  { what: "one token, workers.dev", hasCache: false, mints: false },
  { what: "a token each, by OIDC", hasCache: true, mints: true },
  { what: "a token each, workers.dev", hasCache: false, mints: true },
] as const;

export const countOf = ({ calls }: Figures, what: Call) => calls.filter((call) => call.what === what).length;

/** The most calls of a kind in one second, and how many there are in a second on the average. */
export function aSecond({ calls }: Figures, what: Call): { readonly most: number; readonly mean: number } {
  const seconds = new Map<number, number>();
  for (const { at, what: each } of calls) {
    const second = Math.floor(at / SECOND);
    if (each === what) seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const all = [...seconds.values()];
  const lasted = Math.max(1, (calls.at(-1)?.at ?? 0) / SECOND);
  return { most: Math.max(0, ...all), mean: all.reduce((sum, count) => sum + count, 0) / lasted };
}

/**
 * How often the isolates may read the database, however many requests there are: each one reads each subject once in the time for which
 * a read is reused, or a little earlier where it shares what it reads, and each hosted project once.
 */
export function mostReads({ isolates, hosted, hasCache }: Scene, { calls }: Figures): number {
  const lasted = calls.at(-1)?.at ?? 0;
  const every = STALENESS.reuse - (hasCache ? READ_AHEAD.most : 0);
  return isolates * (SUBJECTS * (Math.floor(lasted / every) + 1) + hosted);
}
