/** Reads a stream of bytes, into memory of the caller's where the stream is a byte stream; any other gives chunks of its own. */
export interface ByteReader {
  /**
   * The next bytes; undefined at the end.
   *
   * @param memory belongs to the stream from now on: use that of the bytes afterwards
   */
  read(memory: ArrayBuffer): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The next `size` bytes; fewer only at the end, and undefined where there are none. */
  fill(size: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** A reader that locks the stream. */
export function byteReader(stream: ReadableStream<Uint8Array>): ByteReader {
  try {
    return byob(stream.getReader({ mode: "byob" }));
  } catch {
    // Of the streams that JavaScript makes, only those of the type `bytes` have such a reader.
    return chunked(stream.getReader());
  }
}

/** A part of the standard that Cloudflare's types lack: `min` bytes are read, fewer only at the end. */
interface FillingReader extends ReadableStreamBYOBReader {
  read<View extends ArrayBufferView>(view: View, options?: { min: number }): Promise<ReadableStreamReadResult<View>>;
}

function byob(reader: FillingReader): ByteReader {
  const some = (bytes: Uint8Array<ArrayBuffer> | undefined) => (bytes && bytes.byteLength > 0 ? bytes : undefined);
  return {
    read: async (memory) => some((await reader.read(new Uint8Array(memory))).value),
    fill: async (size) => some((await reader.read(new Uint8Array(size), { min: size })).value),
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}

function chunked(reader: ReadableStreamDefaultReader<Uint8Array>): ByteReader {
  /** Read, and not yet given. */
  let rest: Uint8Array<ArrayBuffer> | undefined;

  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = rest ?? (await reader.read()).value;
    rest = undefined;
    return bytes && (bytes.byteLength > 0 ? (bytes as Uint8Array<ArrayBuffer>) : next());
  }

  return {
    read: next,
    async fill(size) {
      const whole = new Uint8Array(size);
      let filled = 0;
      while (filled < size) {
        const bytes = await next();
        if (!bytes) break;
        const piece = bytes.subarray(0, size - filled);
        whole.set(piece, filled);
        filled += piece.byteLength;
        if (piece.byteLength < bytes.byteLength) rest = bytes.subarray(piece.byteLength);
      }
      return filled === 0 ? undefined : whole.subarray(0, filled);
    },
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}
