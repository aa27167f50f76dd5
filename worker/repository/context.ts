import { escaped, withoutTokens } from "../pypi/shown.ts";
import type { Counters } from "./ports.ts";
import type { Context } from "./repository.ts";

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
