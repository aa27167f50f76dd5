import { InvalidDistribution } from "./invalid-distribution.ts";

/**
 * Decompresses a gzip stream of one member (RFC 1952). The platform verifies its checksum and length, and that nothing
 * follows it. Throws `InvalidDistribution` where the stream is corrupt; errors of `pieces` are passed on.
 *
 * @param pieces small ones: a whole piece is decompressed before its output can be counted
 */
export async function* gunzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const iterator = pieces[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure = { error };
          throw error;
        }
      },
    },
    { highWaterMark: 0 },
  );
  const reader = source.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      const { done, value } = await unpacked(reader);
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw failure ? failure.error : error;
  } finally {
    reader.cancel().catch(() => undefined);
    // A failed transform does not cancel its source.
    iterator.return?.().catch(() => undefined);
  }
}

async function unpacked(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch {
    throw unsound();
  }
}

/** Decompresses a small stream that is in memory, several times faster; throws `InvalidDistribution`. */
export async function gunzipSmall(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  try {
    const [content] = await Promise.all([new Response(readable).arrayBuffer(), writer.write(bytes), writer.close()]);
    return new Uint8Array(content);
  } catch {
    throw unsound();
  }
}

const unsound = () => new InvalidDistribution("is compressed wrongly: its bytes are corrupt, or others follow them");
