import type { Event } from "./event.ts";

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
