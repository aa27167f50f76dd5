import type { ServerResponse } from "node:http";
import { writeHead } from "./head.ts";
import { READ_SIZE } from "./send-file.ts";
import { writeOut } from "./write-out.ts";

/** A reader into memory of one's own, for a body that is long enough for that and can give one; undefined for others. */
export function memoryReader(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
): ReadableStreamBYOBReader | undefined {
  if (length === undefined || length <= READ_SIZE) return undefined;
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    // Only byte streams have such readers.
    return undefined;
  }
}

/**
 * Sends head and body in two buffers by turns: one is read while the other is written. With new memory for each chunk,
 * the clients of a large file fill a multiple of what they hold until it is collected.
 *
 * @throws where the body fails, or has another length: then it is cancelled
 */
export async function sendLong(
  outgoing: ServerResponse,
  response: Response,
  reader: ReadableStreamBYOBReader,
  length: number,
): Promise<void> {
  const cancel = () => void reader.cancel().catch(() => undefined);
  outgoing.once("close", cancel);
  try {
    const sent = await copy(outgoing, reader, length, () => writeHead(outgoing, response, length));
    if (sent < length && !outgoing.destroyed)
      throw new Error(`An answer's body is ${length - sent} bytes shorter than its headers say.`);
  } finally {
    outgoing.off("close", cancel);
    cancel();
  }
}

/**
 * @param begin is called when the first bytes are there
 * @returns how many bytes were sent
 */
async function copy(
  outgoing: ServerResponse,
  reader: ReadableStreamBYOBReader,
  length: number,
  begin: () => void,
): Promise<number> {
  const turns = [0, 1].map(() => ({ memory: new ArrayBuffer(READ_SIZE), written: Promise.resolve() }));
  let sent = 0;
  for (;;) {
    for (const turn of turns) {
      await turn.written;
      const { done, value } = await reader.read(new Uint8Array(turn.memory));
      if (outgoing.destroyed) return sent;
      if (sent === 0) begin();
      if (done) {
        await Promise.all(turns.map(({ written }) => written));
        return sent;
      }
      sent += value.byteLength;
      if (sent > length) throw new Error(`An answer's body is longer than the ${length} bytes that its headers say.`);
      turn.memory = value.buffer;
      turn.written = writeOut(outgoing, value);
    }
  }
}
