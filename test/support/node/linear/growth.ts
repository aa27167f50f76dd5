import type { Growing } from "./hostile.ts";

/** Three times as many characters cost a linear run three times as much, and a quadratic one nine times. */
const LENGTHS = [4_000, 12_000, 36_000] as const;
const MOST = 6;

/** A run over so many characters that is quadratic takes 4 ms and more, a linear one a tenth of a millisecond at most. */
const LOOKED_AT = 12_000;

/** A length is timed so often, and the fastest counts. */
const TRIES = 3;

/** A busy machine can make one round say the wrong thing, either way; two rounds that agree decide. */
const AGREEING = 2;

/** A run over `LOOKED_AT` characters that takes less is not looked at further. Milliseconds. */
const SUSPICIOUS = 1;

/**
 * How the time that `run` takes grows, where that is more than linear; undefined where it is not. Only what is slow, and gets
 * slower by far more than its text gets longer, twice in a row, in the best of several tries and in two rounds, is more than linear.
 */
export function superlinear(run: (text: string) => unknown, { head, unit, tail }: Growing): string | undefined {
  const timeOf = (length: number) => measured(run, head + unit.repeat(Math.ceil(length / unit.length)) + tail);
  if (unit === "" || timeOf(LOOKED_AT) < SUSPICIOUS) return undefined;
  const rounds = { grows: 0, not: 0 };
  while (rounds.not < AGREEING) {
    const times = growthOf(timeOf);
    if (!times) rounds.not++;
    else if (++rounds.grows === AGREEING) {
      const shown = times.map((time) => `${time.toFixed(1)} ms`).join(", ");
      return `${JSON.stringify(head)} + ${JSON.stringify(unit)} again and again + ${JSON.stringify(tail)}: ${shown} for ${LENGTHS.join(", ")} characters`;
    }
  }
  return undefined;
}

/** The times of one round, where they grow by more than their text; else undefined. */
function growthOf(timeOf: (length: number) => number): readonly number[] | undefined {
  const times: number[] = [];
  for (const length of LENGTHS) {
    const before = times.at(-1);
    const time = fastest(TRIES, () => timeOf(length));
    if (before !== undefined && time / before < MOST) return undefined;
    times.push(time);
  }
  return times;
}

const fastest = (tries: number, timeOf: () => number) => Math.min(...Array.from({ length: tries }, timeOf));

/**
 * Milliseconds by the clock: a thread's processor time comes in steps of 4 ms on some kernels, and would hide what is just slow
 * enough. What else the machine does is left out by the best of several tries. Steps of V8's expressions cannot be counted.
 */
function measured(run: (text: string) => unknown, text: string): number {
  const began = performance.now();
  try {
    run(text);
  } catch {
    // What a text is refused with is no matter here.
  }
  return performance.now() - began;
}
