import { Faulty } from "./faulty.ts";

/**
 * What a gzip stream of one member (RFC 1952) unpacks to. Its checksum and length are the platform's to verify, and that
 * nothing follows it. Throws `Faulty` where it is unsound; what `pieces` throws is thrown on.
 *
 * @param pieces small ones: each is inflated before what it becomes can be counted
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
    // A transform that has failed does not tell so where its bytes come from.
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

/** The same of a small stream that is there already, several times faster; throws `Faulty`. */
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

const unsound = () => new Faulty("is not compressed soundly: its bytes are broken, or others follow them");
