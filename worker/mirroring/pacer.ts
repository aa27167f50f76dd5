import { SECOND } from "../duration.ts";

/** Tells the time, and waits. Milliseconds. */
export interface MirrorClock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Returns a function that resolves when the next request may be sent: evenly spaced, however many wait. */
export function pacer(requestsPerSecond: number, { now, sleep }: MirrorClock): () => Promise<void> {
  const interval = SECOND / requestsPerSecond;
  let next = now();
  return async () => {
    const at = Math.max(next, now());
    next = at + interval;
    const wait = at - now();
    if (wait > 0) await sleep(wait);
  };
}
