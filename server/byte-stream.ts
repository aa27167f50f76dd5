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
  let waiting: (() => void) | undefined;
  let isLeft = false;
  const wake = () => waiting?.();
  const chunks = new Chunks(source, wake);
  for (const event of ["end", "error", "close"]) source.on(event, wake);
  return new ReadableStream(
    {
      type: "bytes",
      async pull(controller) {
        for (;;) {
          if (isLeft) return;
          // A reader that brings no memory gets as much as there is.
          const view = controller.byobRequest?.view ?? new Uint8Array(chunks.size);
          const size = chunks.readInto(view);
          if (size > 0 && controller.byobRequest) return controller.byobRequest.respond(size);
          if (size > 0) return controller.enqueue(view);
          if (source.readableEnded) {
            controller.close();
            return controller.byobRequest?.respond(0);
          }
          if (source.destroyed) throw explained(source.errored ?? new Error("The stream was destroyed."));
          await new Promise<void>((resolve) => (waiting = resolve));
        }
      },
      cancel() {
        isLeft = true;
        chunks.leave();
        wake();
        cancelled();
      },
    },
    { highWaterMark: 0 },
  );
}

/** So much is held here beside what the source reads ahead, and one chunk more. Bytes. */
const HELD = 256 * 1024;

/**
 * Reads a stream of Node's into memory of others. The stream flows, and is paused where this holds enough: `read()` would
 * join its chunks in new memory, and what does not fit, given back to the stream, would be copied again for each view.
 */
class Chunks {
  readonly #source: Readable;
  readonly #take: (chunk: Buffer) => void;
  readonly #held: Buffer[] = [];
  #size = 0;

  /** @param taken called when there is more to read */
  constructor(source: Readable, taken: () => void) {
    this.#source = source;
    this.#take = (chunk) => {
      this.#held.push(chunk);
      this.#size += chunk.byteLength;
      if (this.#size >= HELD) source.pause();
      taken();
    };
    source.on("data", this.#take);
  }

  /** Bytes that are at hand. */
  get size(): number {
    return this.#size;
  }

  /** Fills the view with what is at hand. Returns the number of bytes. */
  readInto({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    const room = new Uint8Array(buffer, byteOffset, byteLength);
    let size = 0;
    for (let chunk = this.#held.shift(); chunk; chunk = this.#held.shift()) {
      const piece = chunk.subarray(0, byteLength - size);
      room.set(piece, size);
      size += piece.byteLength;
      if (piece.byteLength < chunk.byteLength) {
        this.#held.unshift(chunk.subarray(piece.byteLength));
        break;
      }
    }
    this.#size -= size;
    if (this.#size < HELD) this.#source.resume();
    return size;
  }

  /** Takes no more. */
  leave(): void {
    this.#source.off("data", this.#take);
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
