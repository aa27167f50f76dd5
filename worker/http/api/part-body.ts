import { badRequest } from "../../errors.ts";
import { byteReader } from "../../repository/byte-reader.ts";

/** Large enough that reads cost little. Bytes. */
const CHUNK_BYTES = 256 * 1024;

/** How much of a refused body is read and discarded. Bytes. */
const MAX_DRAINED_BYTES = 100 * 1024 ** 2;

/**
 * Yields a body that must have exactly `size` bytes. A chunk's memory is reused when the next one is asked for.
 *
 * @param what names it in messages
 * @throws `bad-request` where the body is longer or shorter, or breaks off
 */
export async function* bodyOfSize(
  body: ReadableStream<Uint8Array> | null,
  size: number,
  what = "part",
): AsyncGenerator<Uint8Array> {
  if (!body) throw badRequest(`The ${what} is empty; ${size} bytes are expected.`);
  const reader = byteReader(body);
  let spare = new ArrayBuffer(CHUNK_BYTES);
  let total = 0;
  try {
    for (;;) {
      const value = await reader.read(spare).catch(() => {
        throw badRequest(`The ${what} broke off before its end. Send it again.`);
      });
      if (!value) break;
      total += value.byteLength;
      if (total > size) throw badRequest(`The ${what} has more than the ${size} bytes that it should have.`);
      yield value;
      spare = value.buffer;
    }
    if (total < size) throw badRequest(`The ${what} has ${total} bytes; ${size} are expected.`);
  } finally {
    reader.releaseLock();
  }
}

/**
 * Reads and discards the rest of a refused body. Clients send the whole body before they read the answer: closing the
 * connection earlier would look like a network error to them.
 */
export async function drainBody(body: ReadableStream<Uint8Array> | null): Promise<void> {
  let left = MAX_DRAINED_BYTES;
  try {
    for await (const chunk of body ?? []) {
      left -= chunk.byteLength;
      if (left < 0) return;
    }
  } catch {
    // The client has disconnected.
  }
}
