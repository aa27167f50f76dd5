/**
 * Text as it is produced, as a stream of UTF-8; read no faster than the reader takes it.
 *
 * @param abandoned what to do where it is given up before its end: a generator that has not begun cannot clean up
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
