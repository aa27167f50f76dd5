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
