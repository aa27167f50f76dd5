import { caseOf, fault, type Difference, type Sides } from "./judge.ts";
import { READERS, type ReaderName } from "./readers.ts";

/** The case with as few changes as the fault is still found with, and as a text with as few characters. */
export async function smallest(
  sides: Sides,
  reader: ReaderName,
  seed: number,
  number: number,
  found: string,
): Promise<Difference> {
  const read = async (bytes: Uint8Array) => {
    const [[ours], [theirs]] = await Promise.all([
      sides.product.read(reader, [bytes]),
      sides.python.read(reader, [bytes]),
    ]);
    if (!ours || !theirs) throw new Error(`No answer about a case of ${reader}`);
    return { bytes, ours, theirs };
  };
  const stillDiffers = async (bytes: Uint8Array) => {
    const { ours, theirs } = await read(bytes);
    return fault(reader, ours, theirs) === found;
  };
  const kept = new Set<number>(caseOf(reader, seed, number).changes.keys());
  for (const at of kept) {
    const fewer = new Set([...kept].filter((other) => other !== at));
    if (await stillDiffers(caseOf(reader, seed, number, fewer).bytes)) kept.delete(at);
  }
  const { bytes, changes } = caseOf(reader, seed, number, kept);
  const least = READERS[reader].isText ? await shorter(bytes, stillDiffers) : bytes;
  return { reader, number, fault: found, changes, ...(await read(least)) };
}

/** Fewer of these bytes, of which the question still holds: halves are left out, then quarters, at last single ones. */
async function shorter(bytes: Uint8Array, holds: (bytes: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let least = bytes;
  for (let step = least.byteLength >> 1; step > 0; step >>= 1) {
    for (let at = 0; at < least.byteLength;) {
      const fewer = Buffer.concat([least.subarray(0, at), least.subarray(at + step)]);
      if (await holds(fewer)) least = fewer;
      else at += step;
    }
  }
  return least;
}
