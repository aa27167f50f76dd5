import { InvalidDistribution } from "./invalid-distribution.ts";

/** Reads a stream of chunks in portions of chosen sizes. */
export class Cursor {
  /** How many bytes have been read. */
  at = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Returns at least one and at most `max` bytes; undefined at the end. */
  async some(max: number): Promise<Uint8Array | undefined> {
    while (this.#piece.byteLength === 0) {
      const { done, value } = await this.#pieces.next();
      if (done) return undefined;
      this.#piece = value;
    }
    const taken = this.#piece.subarray(0, max);
    this.#piece = this.#piece.subarray(max);
    this.at += taken.byteLength;
    return taken;
  }

  /** Yields the next `length` bytes in chunks; throws `InvalidDistribution` where fewer are left. */
  async *next(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0;) {
      const piece = await this.some(left);
      if (!piece) throw new InvalidDistribution("ends too early");
      left -= piece.byteLength;
      yield piece;
    }
  }

  /** Returns the next `length` bytes in one array; throws `InvalidDistribution` where fewer are left. */
  async exactly(length: number): Promise<Uint8Array> {
    const first = length === 0 ? new Uint8Array() : await this.some(length);
    if (first?.byteLength === length) return first;
    if (!first) throw new InvalidDistribution("ends too early");
    const whole = new Uint8Array(length);
    whole.set(first);
    let filled = first.byteLength;
    for await (const piece of this.next(length - filled)) {
      whole.set(piece, filled);
      filled += piece.byteLength;
    }
    return whole;
  }

  /** Stops reading and closes the source. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
