/** Keys in one statement: a key has at most 800 bytes, and a bound value at most 2 MB. */
const BATCH = 2_000;

/** Rows about keys as JSON arrays, each for one statement. */
export function asBatches(rows: readonly unknown[]): string[] {
  const batches: string[] = [];
  for (let at = 0; at < rows.length; at += BATCH) batches.push(JSON.stringify(rows.slice(at, at + BATCH)));
  return batches;
}
