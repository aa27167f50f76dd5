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

/** Returns a function that runs work as soon as fewer than `limit` others are running, in the order in which it was asked. */
export function atOnce(limit: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
