import type { Growing } from "./hostile.ts";

/** Characters. A quadratic run over so many takes milliseconds, a linear one microseconds. */
const SHORT = 4_000;

/** Three times as many characters cost a linear run three times as much, and a quadratic one nine times. */
const TIMES = 3;
const MOST = 6;

/** A busy machine can make one round say the wrong thing, either way; two rounds that agree decide. */
const AGREEING = 2;

/** A run over `SHORT` characters that takes less is not looked at further. Milliseconds. */
const SUSPICIOUS = 1;

/**
 * How the time that `run` takes grows, where that is more than linear; undefined where it is not. Only what is slow, and gets
 * slower by far more than its text gets longer, twice in a row, in the best of several tries and in two rounds, is more than linear.
 */
export function superlinear(run: (text: string) => unknown, { head, unit, tail }: Growing): string | undefined {
  const timeOf = (length: number) => measured(run, head + unit.repeat(Math.ceil(length / unit.length)) + tail);
  if (unit === "" || timeOf(SHORT) < SUSPICIOUS) return undefined;
  const rounds = { grows: 0, not: 0 };
  while (rounds.not < AGREEING) {
    const times = growthOf(timeOf);
    if (!times) rounds.not++;
    else if (++rounds.grows === AGREEING) {
      const shown = times.map((time) => `${time.toFixed(1)} ms`).join(", ");
      return `${JSON.stringify(head)} + ${JSON.stringify(unit)} again and again + ${JSON.stringify(tail)}: ${shown} for ${SHORT}, ${SHORT * TIMES}, ${SHORT * TIMES ** 2} characters`;
    }
  }
  return undefined;
}

/** The times of one round, where they grow by more than their text; else undefined. */
function growthOf(timeOf: (length: number) => number): readonly number[] | undefined {
  const times: number[] = [];
  for (const [length, tries] of [
    [SHORT, 5],
    [SHORT * TIMES, 4],
    [SHORT * TIMES ** 2, 2],
  ] as const) {
    const before = times.at(-1);
    const time = fastest(tries, () => timeOf(length));
    if (time < SUSPICIOUS || (before !== undefined && time / before < MOST)) return undefined;
    times.push(time);
  }
  return times;
}

const fastest = (tries: number, timeOf: () => number) => Math.min(...Array.from({ length: tries }, timeOf));

/** Milliseconds of this thread's processor time: what else the machine does is not counted. Steps of V8's expressions cannot be. */
function measured(run: (text: string) => unknown, text: string): number {
  const began = process.threadCpuUsage();
  try {
    run(text);
  } catch {
    // What a text is refused with is no matter here.
  }
  return process.threadCpuUsage(began).user / 1_000;
}
