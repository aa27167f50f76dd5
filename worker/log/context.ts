import type { Counters } from "../repository/ports/counters.ts";
import type { Context } from "../repository/context.ts";
import { defect, type Log } from "./log.ts";

/**
 * A context for work that began at `now`, in milliseconds since the epoch. `work` keeps alive what goes on after the answer;
 * events are counted, and written to `log`.
 */
export const contextOf = (
  now: number,
  work: { waitUntil(promise: Promise<unknown>): void },
  counters: Counters,
  log: Log,
): Context => ({
  now,
  defer: (promise) =>
    work.waitUntil(
      promise.catch((error: unknown) =>
        log(
          "error",
          { event: "work-failed", what: "work behind an answer", ...defect(error) },
          "deferred work failed:",
        ),
      ),
    ),
  report(event) {
    counters.add("events", { event: event.event });
    log("warn", event, `${event.event}: ${event.what}: ${event.reason}`);
  },
});

/** The context of a queue's batch or a cron's run, whose lines have an id of their own. */
export const runContextOf = (
  now: number,
  work: Parameters<typeof contextOf>[1],
  counters: Counters,
  log: Log,
): Context => {
  const common = { time: new Date(now).toISOString(), requestId: crypto.randomUUID() };
  return contextOf(now, work, counters, (level, fields, text) => log(level, { ...common, ...fields }, text));
};
