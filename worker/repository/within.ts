/** Turns of the microtask queue that work is given before a timer is set: it costs more than an answer from memory. */
const TURNS = 50;

/** What `work` resolves to, or a rejection with `reason` once `ms` milliseconds have passed without it. */
export async function within<T>(ms: number, reason: string, work: Promise<T>): Promise<T> {
  const state = { settled: false };
  const settle = () => void (state.settled = true);
  work.then(settle, settle);
  for (let turn = 0; turn < TURNS && !state.settled; turn++) await Promise.resolve();
  if (state.settled) return work;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(reason)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
