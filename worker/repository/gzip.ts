/** Gzipped bytes, in memory or as they arrive. */
export type Gzipped = Uint8Array | ReadableStream<Uint8Array>;

/** Gzipped bytes, inflated. */
export function inflate(gzip: Gzipped): ReadableStream<Uint8Array> {
  const compressed = gzip instanceof Uint8Array ? streamOf(gzip) : gzip;
  return compressed.pipeThrough(new DecompressionStream("gzip"));
}

/** The parts as one, gzipped. */
export const gzipped = (...content: Uint8Array[]) =>
  bytesOf(streamOf(...content).pipeThrough(new CompressionStream("gzip")));

export const bytesOf = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream).arrayBuffer());

const streamOf = (...content: Uint8Array[]) => new Blob(content).stream() as ReadableStream<Uint8Array>;
