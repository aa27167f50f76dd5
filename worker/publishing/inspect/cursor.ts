import { Faulty } from "./faulty.ts";

/** Bytes that come in pieces, taken in portions. */
export class Cursor {
  /** How many have been taken. */
  at = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Some bytes, at least one and at most `max`; undefined at the end. */
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

  /** The next `length` bytes, in as many pieces as they come; throws `Faulty` where there are fewer. */
  async *next(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0;) {
      const piece = await this.some(left);
      if (!piece) throw new Faulty("ends too early");
      left -= piece.byteLength;
      yield piece;
    }
  }

  /** The next `length` bytes as one; throws `Faulty` where there are fewer. */
  async exactly(length: number): Promise<Uint8Array> {
    const first = length === 0 ? new Uint8Array() : await this.some(length);
    if (first?.byteLength === length) return first;
    if (!first) throw new Faulty("ends too early");
    const whole = new Uint8Array(length);
    whole.set(first);
    let filled = first.byteLength;
    for await (const piece of this.next(length - filled)) {
      whole.set(piece, filled);
      filled += piece.byteLength;
    }
    return whole;
  }

  /** Takes no more: where the bytes come from is told so. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
