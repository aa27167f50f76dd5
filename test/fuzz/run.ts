import { caseOf, fault, type Difference, type Sides } from "./judge.ts";
import type { Own } from "./product.ts";
import type { Theirs } from "./python.ts";
import type { ReaderName } from "./readers.ts";
import { smallest } from "./shrink.ts";

/** How many cases each reader read. */
export interface Tally {
  cases: number;
  both: number;
  onlyOurs: number;
  onlyTheirs: number;
  neither: number;
  readonly differences: Difference[];
}

/** As many as are asked about at a time. */
const BATCH = 250;

/** More of one reader are hardly other ones. */
const MAX_DIFFERENCES = 10;

/** Has both sides read these cases of a run, and compares what they say. Stops where there are too many differences. */
export async function compare(
  sides: Sides,
  reader: ReaderName,
  seed: number,
  range: { readonly from: number; readonly to: number },
): Promise<Tally> {
  const tally: Tally = { cases: 0, both: 0, onlyOurs: 0, onlyTheirs: 0, neither: 0, differences: [] };
  for (let from = range.from; from < range.to; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, range.to - from) }, (_, at) => from + at);
    const bytes = numbers.map((number) => caseOf(reader, seed, number).bytes);
    const [own, others] = await Promise.all([sides.product.read(reader, bytes), sides.python.read(reader, bytes)]);
    for (const [at, number] of numbers.entries()) {
      const [ours, theirs] = [own[at], others[at]];
      if (!ours || !theirs) throw new Error(`No answer about case ${number} of ${reader}`);
      count(tally, ours, theirs);
      const found = fault(reader, ours, theirs);
      if (found === undefined) continue;
      tally.differences.push(await smallest(sides, reader, seed, number, found));
      if (tally.differences.length >= MAX_DIFFERENCES) return tally;
    }
  }
  return tally;
}

function count(tally: Tally, ours: Own, theirs: Theirs): void {
  const isOurs = "reading" in ours;
  const isTheirs = Object.values(theirs).some((way) => "reading" in way);
  tally.cases += 1;
  if (isOurs && isTheirs) tally.both += 1;
  else if (isOurs) tally.onlyOurs += 1;
  else if (isTheirs) tally.onlyTheirs += 1;
  else tally.neither += 1;
}
