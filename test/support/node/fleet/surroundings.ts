import type { Random } from "../../../fuzz/random.ts";
import type { SimulatedClock } from "../staleness/clock.ts";

/** What WebCrypto does outside of JavaScript's own turns. */
const METHODS = ["digest", "verify", "sign", "importKey"] as const;

/**
 * Counts the calls of WebCrypto that are under way, so that simulated time can stand still until they are done.
 *
 * @returns `settled`: resolves when there is none any more, and all that follows has been done
 */
export function pendingCrypto(): { readonly settled: () => Promise<void>; readonly restore: () => void } {
  const subtle = crypto.subtle as unknown as Record<string, unknown>;
  const calls = { pending: 0 };
  for (const method of METHODS) {
    const original = crypto.subtle[method].bind(crypto.subtle) as (...args: unknown[]) => Promise<unknown>;
    subtle[method] = (...args: unknown[]) => {
      calls.pending += 1;
      return original(...args).finally(() => (calls.pending -= 1));
    };
  }
  return {
    async settled() {
      do await new Promise(setImmediate);
      while (calls.pending > 0);
    },
    restore() {
      for (const method of METHODS) delete subtle[method];
    },
  };
}

/** Has `setTimeout` follow a simulated clock. Returns what ends that. */
export function timersOf(clock: SimulatedClock): () => void {
  const [originalSet, originalClear] = [globalThis.setTimeout, globalThis.clearTimeout];
  const set = (happen: () => void, milliseconds = 0) => clock.at(clock.now + milliseconds, happen);
  const clear = (cancel: (() => void) | undefined) => cancel?.();
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return () => void Object.assign(globalThis, { setTimeout: originalSet, clearTimeout: originalClear });
}

/** Has `Math.random` draw from a seed. Returns what ends that. */
export function chanceOf(random: Random): () => void {
  const original = Math.random;
  Math.random = () => random.next() / 2 ** 32;
  return () => void (Math.random = original);
}
