import type { Counters } from "../repository/ports/counters.ts";
import type { CountOutcome } from "../upstream/client.ts";

/** Counts what upstreams answer, and how long they take. */
export const countUpstream =
  (counters: Counters): CountOutcome =>
  (outcome, seconds) => {
    counters.add("upstreamRequests", { outcome });
    counters.add("upstreamSeconds", { outcome }, seconds);
  };
