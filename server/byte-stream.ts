import type { Readable } from "node:stream";

/**
 * A stream of Node's as a byte stream, which reads into its reader's own memory. `Readable.toWeb` would copy each chunk
 * into a new buffer. It fails where the source fails or is destroyed before its end.
 *
 * @param cancelled called where the reader wants no more
 * @param explained the error that the reader gets for one of the source
 */
export function byteStreamOf(
  source: Readable,
  cancelled: () => void,
  explained: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const chunks = new Chunks(source);
  let waiting: (() => void) | undefined;
  const wake = () => waiting?.();
  for (const event of ["readable", "end", "error", "close"]) source.on(event, wake);
  return new ReadableStream(
    {
      type: "bytes",
      autoAllocateChunkSize: 64 * 1024,
      async pull(controller) {
        for (;;) {
          const request = controller.byobRequest;
          // Cancelled meanwhile.
          if (!request?.view) return;
          const size = chunks.readInto(request.view);
          if (size > 0) return request.respond(size);
          if (source.readableEnded) {
            controller.close();
            return request.respond(0);
          }
          if (source.destroyed) throw explained(source.errored ?? new Error("The stream was destroyed."));
          await new Promise<void>((resolve) => (waiting = resolve));
        }
      },
      cancel() {
        // A stream with a listener for "readable" does not flow, and what is left of it can then not be discarded.
        source.off("readable", wake);
        wake();
        cancelled();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Reads a stream of Node's into memory of others. What does not fit is kept here: given back to the stream, it would be
 * copied again for each view.
 */
class Chunks {
  readonly #source: Readable;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: Readable) {
    this.#source = source;
  }

  /** Fills the view with what is at hand. Returns the number of bytes. */
  readInto({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    const room = new Uint8Array(buffer, byteOffset, byteLength);
    let size = 0;
    while (size < byteLength) {
      if (this.#rest.byteLength === 0) {
        const chunk = this.#source.read() as Buffer | null;
        if (chunk === null) break;
        this.#rest = chunk;
      }
      const piece = this.#rest.subarray(0, byteLength - size);
      room.set(piece, size);
      size += piece.byteLength;
      this.#rest = this.#rest.subarray(piece.byteLength);
    }
    return size;
  }
}

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
