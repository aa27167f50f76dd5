/** The bytes of a test: the one at `offset` tells that offset, and differs from those that are a chunk away. */
export const byteAt = (offset: number): number => (offset * 31 + (offset >>> 8) * 17 + (offset >>> 16) * 7) & 0xff;

export function fill(chunk: Uint8Array, offset: number): Uint8Array {
  for (let at = 0; at < chunk.length; at++) chunk[at] = byteAt(offset + at);
  return chunk;
}

/** Whether a chunk has the bytes from `offset` on. */
export const isRight = (chunk: Uint8Array, offset: number): boolean =>
  chunk.every((byte, at) => byte === byteAt(offset + at));

/** How far behind a late reader looks at what it has read. Chunks. */
const LATE = 10;

/**
 * Reads to the end, and looks at each chunk only when ten more have been read: until then its bytes must stay.
 *
 * @param next the next chunk; undefined at the end
 * @returns the number of bytes, and whether all were right
 */
export async function readLate(next: () => Promise<Uint8Array | undefined>) {
  const held: { readonly chunk: Uint8Array; readonly offset: number }[] = [];
  let total = 0;
  let right = true;
  const look = () => {
    const first = held.shift();
    if (first) right &&= isRight(first.chunk, first.offset);
  };
  for (let nth = 0; ; nth++) {
    // The writer goes on as far as it can before such a read.
    if (nth % LATE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    const chunk = await next();
    if (!chunk) break;
    held.push({ chunk, offset: total });
    total += chunk.byteLength;
    if (held.length > LATE) look();
  }
  while (held.length > 0) look();
  return { total, right };
}

/** A stream of so many bytes of the pattern, in pieces of `step`: a byte stream where its type says so. */
export function sourceOf(total: number, step: number, type?: "bytes"): ReadableStream<Uint8Array> {
  let offset = 0;
  const source = {
    pull(controller: {
      enqueue(chunk: Uint8Array): void;
      close(): void;
      byobRequest?: ReadableStreamBYOBRequest | null;
    }) {
      if (offset < total) {
        const piece = fill(new Uint8Array(Math.min(step, total - offset)), offset);
        offset += piece.byteLength;
        controller.enqueue(piece);
        return;
      }
      controller.close();
      // A reader that brought memory is told of the end only so.
      controller.byobRequest?.respond(0);
    },
  };
  return type ? new ReadableStream({ ...source, type }) : new ReadableStream(source);
}
