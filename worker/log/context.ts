import type { Work } from "../platform/platform.ts";
import type { Counters } from "../repository/ports/counters.ts";
import type { Context } from "../repository/context.ts";
import { defectFields, type Log } from "./log.ts";

/**
 * A context for work that began at `now`, in milliseconds since the epoch. Events are counted, and written to `log`.
 */
export const contextOf = (now: number, work: Work, counters: Counters, log: Log): Context => ({
  now,
  defer: (promise) =>
    work.waitUntil(
      promise.catch((error: unknown) =>
        log(
          "error",
          { event: "work-failed", what: "work behind an answer", ...defectFields(error) },
          "deferred work failed:",
        ),
      ),
    ),
  report(event) {
    counters.add("events", { event: event.event });
    counters.remember(event, now);
    log("warn", event, `${event.event}: ${event.what}: ${event.reason}`);
  },
});

/** The context of a queue's batch or a cron's run, whose lines have an id of their own. */
export const runContextOf = (now: number, work: Work, counters: Counters, log: Log): Context => {
  const common = { time: new Date(now).toISOString(), requestId: crypto.randomUUID() };
  return contextOf(now, work, counters, (level, fields, text) => log(level, { ...common, ...fields }, text));
};
