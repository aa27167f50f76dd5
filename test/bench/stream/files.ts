/** Large files that are never in memory whole: each is a pseudo-random mebibyte, repeated, so that any part of it can be made at once. */
import { createCipheriv, createHash } from "node:crypto";

const PERIOD = 1024 * 1024;
/** How much a generator hands out at a time. */
const PIECE = 256 * 1024;
const MEGABYTE = 1_000_000;

export interface LargeFile {
  readonly project: string;
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
  /** Whether the sender pauses after the first piece, to show who waits for more before passing it on. */
  readonly trickled: boolean;
}

/** `project` must be a normalised name without hyphens. */
export function largeFile(project: string, megabytes: number, trickled = false): LargeFile {
  const filename = `${project}-1.0-py3-none-any.whl`;
  const size = megabytes * MEGABYTE;
  const hash = createHash("sha256");
  for (const piece of contentOf({ filename, size })) hash.update(piece);
  return { project, filename, size, sha256: hash.digest("hex"), trickled };
}

/** The bytes from `start` up to, not including, `end`. */
export function* contentOf(file: Pick<LargeFile, "filename" | "size">, start = 0, end = file.size): Generator<Buffer> {
  const period = pseudoRandom(file.filename);
  let position = start;
  while (position < end) {
    const offset = position % PERIOD;
    const length = Math.min(PIECE, PERIOD - offset, end - position);
    yield period.subarray(offset, offset + length);
    position += length;
  }
}

/** Files must differ: an index that stores by content would recognise the second one. */
function pseudoRandom(seed: string): Buffer {
  const digest = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-128-ctr", digest.subarray(0, 16), digest.subarray(16));
  return cipher.update(Buffer.alloc(PERIOD));
}
