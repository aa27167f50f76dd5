import type { Random } from "./random.ts";

/** A case: its bytes, and the names of the changes by which it differs from a sound one. */
export interface Case {
  readonly bytes: Uint8Array;
  readonly changes: readonly string[];
}

/**
 * Makes case after case: something sound, to which up to three changes are made.
 *
 * @param kept the places of those changes that are made; all where it is left out. The others stay as they are then, so that
 *   a case can be made smaller.
 */
export type Format = (random: Random, kept?: ReadonlySet<number>) => Case;

/** How many changes are made, each as likely: many leave little that anyone reads. */
const COUNTS = [0, 1, 1, 1, 1, 2, 2, 3];

/** A format whose sound files are of a model `M`, which is changed before it becomes bytes. */
export function formatOf<M>(
  sound: (random: Random) => M,
  changes: Readonly<Record<string, (model: M, random: Random) => void>>,
  encode: (model: M) => Uint8Array,
): Format {
  const names = Object.keys(changes);
  return (random, kept) => {
    const model = sound(random.fork());
    const made: string[] = [];
    for (let left = random.pick(COUNTS), at = 0; left > 0; left--, at++) {
      const name = random.pick(names);
      // Drawn whether it is used or not.
      const own = random.fork();
      if (kept && !kept.has(at)) continue;
      changes[name]?.(model, own);
      made.push(name);
    }
    return { bytes: encode(model), changes: made };
  };
}
