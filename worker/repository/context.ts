import type { Context, Event } from "./repository.ts";

/** A context for work that began at `now`, in milliseconds since the epoch; `work` keeps alive what it leaves running. */
export const contextOf = (now: number, work: { waitUntil(promise: Promise<unknown>): void }): Context => ({
  now,
  defer: (promise) => work.waitUntil(promise.catch((error: unknown) => console.error("deferred work failed:", error))),
  report,
});

function report({ event, what, reason }: Event): void {
  console.warn(`${event}: ${what}: ${reason}`);
}
