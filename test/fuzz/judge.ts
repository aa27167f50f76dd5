import type { Own, Product } from "./product.ts";
import type { Python, Theirs } from "./python.ts";
import { Random } from "./random.ts";
import { READERS, type ReaderName } from "./readers.ts";

export interface Sides {
  readonly product: Product;
  readonly python: Python;
}

/** An input that both read, and differently; or one over which the product breaks. */
export interface Difference {
  readonly reader: ReaderName;
  /** What makes it again, with the run's seed. */
  readonly number: number;
  readonly fault: string;
  readonly changes: readonly string[];
  readonly bytes: Uint8Array;
  readonly ours: Own;
  readonly theirs: Theirs;
}

/** The random numbers that case `number` of a run is made of. */
function randomOf(reader: ReaderName, seed: number, number: number): Random {
  const text = `${reader} ${seed} ${number}`;
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return new Random(hash);
}

export const caseOf = (reader: ReaderName, seed: number, number: number, kept?: ReadonlySet<number>) =>
  READERS[reader].format(randomOf(reader, seed, number), kept);

/**
 * What is wrong with a case: the product breaks, or reads it otherwise than one of Python's ways to read it; undefined where
 * nothing is.
 */
export function fault(reader: ReaderName, ours: Own, theirs: Theirs): string | undefined {
  if ("broken" in ours) return "pypi-edge breaks";
  if ("refused" in ours) return undefined;
  for (const [name, way] of Object.entries(theirs)) {
    const where = "reading" in way ? READERS[reader].compare(ours.reading, way.reading) : undefined;
    if (where !== undefined) return `${where} by ${name}`;
  }
  return undefined;
}
