/** After so many turns of the microtask queue a read of what is at hand is over. */
const TURNS = 5;

/** What `within` resolves to after the timeout. */
export const TIMED_OUT = Symbol("late");

/**
 * Resolves to what `work` resolves to, or to `TIMED_OUT` after `timeoutMs` milliseconds. The work goes on.
 *
 * @param turns of the microtask queue that pass before a timer is set: a timer costs more than an answer from memory, but
 *   what waits for something outside has made them in vain
 */
export async function within<T>(timeoutMs: number, work: Promise<T>, turns = TURNS): Promise<T | typeof TIMED_OUT> {
  const state = { settled: false };
  const settle = () => void (state.settled = true);
  work.then(settle, settle);
  for (let turn = 0; turn < turns && !state.settled; turn++) await Promise.resolve();
  if (state.settled) return work;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same, but throws an `Error` with `reason` after the timeout. */
export async function inTime<T>(timeoutMs: number, reason: string, work: Promise<T>): Promise<T> {
  const outcome = await within(timeoutMs, work);
  if (outcome === TIMED_OUT) throw new Error(reason);
  return outcome;
}
