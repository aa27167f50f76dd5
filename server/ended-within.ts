import { setTimeout as wait } from "node:timers/promises";

/** Waits until all work has ended, or so many milliseconds have passed. Which of both it was, is not told. */
export async function endedWithin(milliseconds: number, work: Iterable<Promise<unknown>>): Promise<void> {
  const ended = new AbortController();
  const late = wait(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([Promise.all(work), late]);
  ended.abort();
}
