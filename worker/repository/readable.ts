/**
 * Turns text into a stream of UTF-8, produced no faster than it is read.
 *
 * @param abandoned called where the stream is cancelled: a generator that has not begun cannot clean up by itself
 */
export function readable(parts: AsyncIterable<string>, abandoned?: () => Promise<unknown>): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
      await abandoned?.();
    },
  });
}
