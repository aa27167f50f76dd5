import { IndexError } from "../../errors.ts";
import type { Staged } from "../staged.ts";

/** What is handed on at a time: inflated it is 16 MiB at most (1:1032), before it can be counted. Bytes. */
const STEP = 16 * 1024;

/**
 * All bytes of an upload from the first, in small pieces; left early, its stream is cancelled. What the store throws is
 * thrown on, and `storage-failed` where it gives back another number of bytes than it took.
 */
export async function* piecesOf(staged: Staged): AsyncGenerator<Uint8Array, void> {
  const reader = (await staged.stream()).getReader();
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.byteLength;
      for (let at = 0; at < value.byteLength; at += STEP) yield value.subarray(at, at + STEP);
    }
    if (total !== staged.size) throw cutShort();
  } finally {
    // One that has failed cannot be cancelled, and needs not be.
    reader.cancel().catch(() => undefined);
  }
}

const cutShort = () =>
  new IndexError("storage-failed", "The store did not give back all of the uploaded file. Try again in a moment.");
