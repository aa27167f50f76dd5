import { badRequest } from "../../errors.ts";

/** One read: large enough to cost little. Bytes. */
const CHUNK = 256 * 1024;

/** What is read and thrown away of a body that is refused. Bytes. */
const MAX_DRAINED = 100 * 1024 ** 2;

/**
 * A body that must have exactly `size` bytes; a chunk's memory is used again once the next one is asked for.
 *
 * @throws `bad-request` where it has more or less, or breaks off
 */
export async function* exactly(body: ReadableStream<Uint8Array> | null, size: number): AsyncGenerator<Uint8Array> {
  if (!body) throw badRequest(`The part is empty; ${size} bytes are expected.`);
  const reader = body.getReader({ mode: "byob" });
  let spare = new ArrayBuffer(CHUNK);
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(spare)).catch(() => {
        throw badRequest("The part broke off before its end. Send it again.");
      });
      if (done || value === undefined) break;
      total += value.byteLength;
      if (total > size) throw badRequest(`The part has more than the ${size} bytes that it should have.`);
      yield value;
      spare = value.buffer;
    }
    if (total < size) throw badRequest(`The part has ${total} bytes; ${size} are expected.`);
  } finally {
    reader.releaseLock();
  }
}

/**
 * Reads what is left of a body that is refused. Clients send everything before they look at an answer: one that came earlier,
 * and the connection closed behind it, would be a broken connection to them, without a word.
 */
export async function drained(body: ReadableStream<Uint8Array> | null): Promise<void> {
  let left = MAX_DRAINED;
  try {
    for await (const chunk of body ?? []) {
      left -= chunk.byteLength;
      if (left < 0) return;
    }
  } catch {
    // The client has gone: nobody reads the answer.
  }
}
