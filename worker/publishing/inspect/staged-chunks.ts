import { IndexError } from "../../errors.ts";
import type { StagedFile } from "../staged-file.ts";

/** Small, because a chunk is decompressed before its output can be counted: to at most 16 MiB (1:1032). Bytes. */
const MAX_CHUNK_BYTES = 16 * 1024;

/**
 * Yields all bytes of an upload in small chunks. Ending the loop early cancels the stream. Errors of the store are passed
 * on; `storage-failed` where the store returns fewer or more bytes than were stored.
 */
export async function* stagedChunks(staged: StagedFile): AsyncGenerator<Uint8Array, void> {
  const reader = (await staged.stream()).getReader();
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.byteLength;
      for (let at = 0; at < value.byteLength; at += MAX_CHUNK_BYTES) yield value.subarray(at, at + MAX_CHUNK_BYTES);
    }
    if (total !== staged.size) throw cutShort();
  } finally {
    // A stream that has failed cannot be cancelled and need not be.
    reader.cancel().catch(() => undefined);
  }
}

const cutShort = () =>
  new IndexError("storage-failed", "The store did not give back all of the uploaded file. Try again in a moment.");
