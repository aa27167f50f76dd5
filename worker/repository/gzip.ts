import { constants, createGzip, deflateRaw, gunzip, gzipSync, type ZlibOptions } from "node:zlib";
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
export const SMALL = 64 * 1024;

/** The parts joined and gzipped. */
export const gzipped = (...content: readonly Uint8Array[]): Promise<Uint8Array> => gzippedBy(content, {});

/**
 * A line of a page resembles the few before it. Looking no further back takes half the time and makes a page of thousands of
 * lines 3 % smaller; a text becomes a quarter larger.
 */
const NEAR = { windowBits: 12 };

/** The same for a page, which consists of lines that resemble each other. */
export const gzippedLines = (...content: readonly Uint8Array[]): Promise<Uint8Array> => gzippedBy(content, NEAR);

/** Lines of a page as blocks of DEFLATE (RFC 1951), none of which is the last, in whole bytes: what follows refers to nothing in them. */
export async function deflated(lines: Uint8Array): Promise<Uint8Array> {
  await giveWay();
  // What comes of it mostly fits in one chunk.
  return new Promise((resolve, reject) => {
    deflateRaw(lines, { ...NEAR, finishFlush: constants.Z_FULL_FLUSH, chunkSize: SMALL }, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
}

async function gzippedBy(content: readonly Uint8Array[], options: ZlibOptions): Promise<Uint8Array> {
  const size = content.reduce((sum, part) => sum + part.byteLength, 0);
  // Copied: what it gives is a part of a larger buffer, which would be held as long.
  if (size <= SMALL) return new Uint8Array(gzipSync(joined(content, size), options));
  // So much was joined and hashed right before.
  await giveWay();
  const gzip = createGzip(options);
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

/** The pieces that bytes are inflated in: zlib's own, and as many as are made at once whatever size is expected. Bytes. */
const SHORTEST = 16 * 1024;
const LONGEST = 1024 * 1024;

/**
 * What gzipped bytes in memory hold. Rejects where they are not gzip.
 *
 * @param size what is expected; where it is more, each further piece costs a turn of another thread. Bytes
 */
export const inflated = (gzip: Uint8Array, size: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    // After a piece that is full, zlib looks for another.
    gunzip(gzip, { chunkSize: Math.min(Math.max(size + 1, SHORTEST), LONGEST) }, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
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
