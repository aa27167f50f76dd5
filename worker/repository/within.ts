/** Turns of the microtask queue that work is given before a timer is set: it costs more than an answer from memory. */
const TURNS = 50;

/** What `work` resolves to, or a rejection with `reason` once `ms` milliseconds have passed without it. */
export async function within<T>(ms: number, reason: string, work: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => void (settled = true);
  work.then(settle, settle);
  for (let turn = 0; turn < TURNS && !settled; turn++) null;
  if (settled) return work;
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
