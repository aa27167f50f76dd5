/** What takes the bytes that a source sends. */
export interface Taker {
  push(chunk: Uint8Array): void;
  end(): void;
  fail(error: unknown): void;
}

/** So much is held here beside what the source reads ahead, and one chunk more. Bytes. */
const HELD = 256 * 1024;

/** A source of bytes, which can be told to wait. */
type Pausable = Record<"pause" | "resume", () => void>;

/** Bytes that a source sends, until a stream's reader takes them. The source is paused where enough is held. */
export class IncomingBytes implements Taker {
  readonly #source: Pausable;
  readonly #cancelled: () => void;
  readonly #held: Uint8Array[] = [];
  #size = 0;
  /** `left` where the reader wants no more. */
  #state: "open" | "ended" | "failed" | "left" = "open";
  #error: unknown;
  #wake: (() => void) | undefined;

  /** @param cancelled called where the reader wants no more */
  constructor(source: Pausable, cancelled: () => void) {
    this.#source = source;
    this.#cancelled = cancelled;
  }

  push(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#held.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#size >= HELD) this.#source.pause();
    this.#wake?.();
  }

  end(): void {
    this.#settle("ended");
  }

  /** What has arrived before can still be read. */
  fail(error: unknown): void {
    if (this.#settle("failed")) this.#error = error;
  }

  #settle(state: "ended" | "failed" | "left"): boolean {
    if (this.#state !== "open") return false;
    this.#state = state;
    this.#wake?.();
    return true;
  }

  /** A byte stream, which reads into its reader's own memory. It fails where the source does. It is to be called once. */
  stream(): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableByteStreamController): Promise<void> => {
      while (!this.#give(controller)) await new Promise<void>((resolve) => (this.#wake = resolve));
    };
    const cancel = () => {
      this.#settle("left");
      this.#held.length = 0;
      this.#cancelled();
    };
    return new ReadableStream({ type: "bytes", pull, cancel }, { highWaterMark: 0 });
  }

  /** Gives a stream's reader what there is. Returns false where it must wait. */
  #give(controller: ReadableByteStreamController): boolean {
    if (this.#size > 0) {
      const view = controller.byobRequest?.view;
      if (view) controller.byobRequest.respond(this.#readInto(view));
      else {
        // A reader that brings no memory gets as much as there is.
        const bytes = new Uint8Array(this.#size);
        this.#readInto(bytes);
        controller.enqueue(bytes);
      }
      return true;
    }
    if (this.#state === "failed") throw this.#error;
    if (this.#state === "ended") {
      controller.close();
      controller.byobRequest?.respond(0);
    }
    return this.#state !== "open";
  }

  /** Fills the view with what is held. Returns the number of bytes. */
  #readInto({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
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
    const wasFull = this.#size >= HELD;
    this.#size -= size;
    if (wasFull && this.#size < HELD) this.#source.resume();
    return size;
  }
}
