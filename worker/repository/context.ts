import { escaped, withoutTokens } from "../pypi/shown.ts";
import type { Event } from "./event.ts";
import type { Counters } from "./ports/counters.ts";

/** What a request, a cron tick or a queue message brings along. Nothing else reads the clock or outlives its answer. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Lets work go on after the answer; a failure of it is logged and breaks nothing. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Tells the operator of something that a client's answer does not show. */
  readonly report: (event: Event) => void;
  /** The caller waits for as long as the sources take: no client would give up meanwhile. */
  readonly patient?: true;
}

/**
 * A context for work that began at `now`, in milliseconds since the epoch; `work` keeps alive what it leaves running, and
 * what it reports is counted.
 */
export const contextOf = (
  now: number,
  work: { waitUntil(promise: Promise<unknown>): void },
  counters: Counters,
): Context => ({
  now,
  defer: (promise) => work.waitUntil(promise.catch((error: unknown) => console.error("deferred work failed:", error))),
  report({ event, what, reason }) {
    counters.add("events", { event });
    console.warn(escaped(withoutTokens(`${event}: ${what}: ${reason}`)));
  },
});
