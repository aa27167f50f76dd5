import { createGzip, gunzip, gzipSync } from "node:zlib";
import { giveWay, joined } from "./give-way.ts";

/** Gzipped bytes, in memory or as they arrive. */
export type Gzipped = Uint8Array | ReadableStream<Uint8Array>;

export function inflate(gzip: Gzipped): ReadableStream<Uint8Array> {
  const compressed = gzip instanceof Uint8Array ? streamOf(gzip) : gzip;
  return compressed.pipeThrough(new DecompressionStream("gzip"));
}

/** How much is compressed before other requests may run: some milliseconds' work. Bytes. */
const PIECE = 256 * 1024;

/** So little is compressed within a millisecond, in one call: on Node a stream alone takes as long. Bytes. */
const AT_ONCE = 64 * 1024;

/** The parts joined and gzipped. */
export async function gzipped(...content: Uint8Array[]): Promise<Uint8Array> {
  const size = content.reduce((sum, part) => sum + part.byteLength, 0);
  // Copied: what it gives is a part of a larger buffer, which would be held as long.
  if (size <= AT_ONCE) return new Uint8Array(gzipSync(joined(content, size)));
  // So much was joined and hashed right before.
  await giveWay();
  const { readable, writable } = new CompressionStream("gzip");
  const gzip = bytesOf(readable);
  const writer = writable.getWriter();
  for (const part of content) {
    for (let at = 0; at < part.length; at += PIECE) {
      if (at > 0) await giveWay();
      await writer.write(part.subarray(at, at + PIECE));
    }
  }
  await writer.close();
  return gzip;
}

/** Takes half the time of what is usual, and makes a page 6 % larger. */
const QUICK = { level: 2 };

/** The same, quickly: for what is made for memory and not stored. */
export async function gzippedQuickly(...content: Uint8Array[]): Promise<Uint8Array> {
  const size = content.reduce((sum, part) => sum + part.byteLength, 0);
  if (size <= AT_ONCE) return new Uint8Array(gzipSync(joined(content, size), QUICK));
  await giveWay();
  const gzip = createGzip(QUICK);
  const chunks: Uint8Array[] = [];
  const made = new Promise((resolve, reject) => {
    gzip
      .on("data", (chunk: Uint8Array) => chunks.push(chunk))
      .on("end", resolve)
      .on("error", reject);
  });
  for (const part of content) {
    for (let at = 0; at < part.length; at += PIECE) {
      if (at > 0) await giveWay();
      gzip.write(part.subarray(at, at + PIECE));
    }
  }
  gzip.end();
  await made;
  return joined(
    chunks,
    chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
}

/** What gzipped bytes in memory hold. Rejects where they are not gzip. */
export const inflated = (gzip: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    gunzip(gzip, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });

/** Bytes in memory as a stream of one chunk. `new Response` copies bytes on Node: of a large page, that takes a millisecond. */
export const uncopied = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });

export const bytesOf = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream).arrayBuffer());

const streamOf = (...content: Uint8Array[]) => new Blob(content).stream() as ReadableStream<Uint8Array>;
