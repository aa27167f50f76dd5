import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { declaredLength, writeHead } from "./head.ts";
import { READ_SIZE } from "./send-file.ts";
import { memoryReader, sendLong } from "./send-long.ts";

/**
 * Sends head and body. A body that is in memory has a length, which is sent as Content-Length: it is over with its first
 * chunk. Once the client has left, the body is cancelled.
 *
 * @throws where the body fails, or has another length than the headers say: then it is cancelled
 */
export async function sendStream(
  outgoing: ServerResponse,
  response: Response,
  body: ReadableStream<Uint8Array>,
  isHead: boolean,
): Promise<void> {
  const declared = declaredLength(response);
  const memory = isHead ? undefined : memoryReader(body, declared);
  if (memory && declared !== undefined) return sendLong(outgoing, response, memory, declared);
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  outgoing.once("close", cancel);
  try {
    if (isHead && declared !== undefined) {
      writeHead(outgoing, response, declared);
      return;
    }
    let read = await reader.read();
    let ahead = declared === undefined && !read.done ? reader.read() : undefined;
    const first = read.value?.byteLength ?? 0;
    const isWhole = read.done || (ahead !== undefined && (await isOver(ahead)));
    const length = declared ?? (isWhole ? first : undefined);
    // The client has left meanwhile.
    if (outgoing.destroyed) return;
    // What is over with its first chunk leaves in one piece with its head, on `end`; that waits for the request's rest.
    const isAtOnce = (isWhole || first === length) && first <= READ_SIZE && outgoing.req.complete;
    if (isAtOnce) outgoing.cork();
    writeHead(outgoing, response, length);
    if (isHead) return;
    let left = length ?? Infinity;
    while (!read.done) {
      left -= read.value.byteLength;
      if (left < 0) throw new Error(`An answer's body is longer than the ${length} bytes that its headers say.`);
      // Over TLS, that a client takes bytes shows only when it has all of a write.
      for (let at = 0; at < read.value.byteLength; at += READ_SIZE)
        if (!outgoing.write(read.value.subarray(at, at + READ_SIZE)) && !isAtOnce) await drained(outgoing);
      read = await (ahead ?? reader.read());
      ahead = undefined;
    }
    if (length !== undefined && left > 0 && !outgoing.destroyed)
      throw new Error(`An answer's body is ${left} bytes shorter than its headers say.`);
  } finally {
    outgoing.off("close", cancel);
    cancel();
  }
}

/** Whether a read that has begun finds the end without waiting for anything from outside. */
const isOver = (read: Promise<ReadableStreamReadResult<Uint8Array>>): Promise<boolean> =>
  Promise.race([
    read.then(
      ({ done }) => done,
      () => false,
    ),
    nextTurn(false),
  ]);

/** Waits until more can be written, or the connection is closed. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("drain", settle).off("close", settle);
      resolve();
    };
    if (outgoing.destroyed) resolve();
    else outgoing.on("drain", settle).on("close", settle);
  });
}
