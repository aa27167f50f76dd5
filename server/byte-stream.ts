import type { Readable } from "node:stream";
import { IncomingBytes } from "./incoming-bytes.ts";

/**
 * A stream of Node's as a byte stream. It fails where the source fails or is destroyed before its end. The source flows: `read()`
 * would join its chunks in new memory, and what does not fit, given back to the stream, would be copied again for each view.
 *
 * @param cancelled called where the reader wants no more
 * @param explained the error that the reader gets for one of the source
 */
export function byteStreamOf(
  source: Readable,
  cancelled: () => void,
  explained: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const incoming = new IncomingBytes(source, () => {
    source.off("data", take);
    cancelled();
  });
  const take = (chunk: Uint8Array) => incoming.push(chunk);
  const failed = () => incoming.fail(explained(source.errored ?? new Error("The stream was destroyed.")));
  source
    .on("data", take)
    .on("end", () => incoming.end())
    .on("error", failed)
    .on("close", failed);
  return incoming.stream();
}

/** A byte stream of bytes that are at hand. It takes over their memory. */
export const byteStream = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    type: "bytes",
    start(controller) {
      // A byte stream takes no empty chunk.
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
