/** The most memory for inflated pages and documents that are not small. Bytes. */
const BUDGET = 8 * 1024 * 1024;

/** Larger ones are not kept. Bytes. */
const LARGEST = BUDGET / 4;

/** What has an inflated form while it is among the last. */
export interface Inflatable {
  plain?: Uint8Array | undefined;
}

/**
 * Keeps the inflated forms that were made or needed last: the files of a page are looked up in it one after the other, and to
 * inflate a page of 4,400 files takes as long as some ten requests.
 */
export class LastRead {
  readonly #kept = new Map<Inflatable, number>();
  #total = 0;

  /** Whether a form of so many bytes is kept. */
  takes(size: number): boolean {
    return size <= LARGEST;
  }

  /** Sets `of.plain`, until forms that were needed since need the room. One that it does not take is not set. */
  keep(of: Inflatable, plain: Uint8Array): void {
    if (!this.takes(plain.byteLength)) return;
    this.#drop(of);
    of.plain = plain;
    this.#kept.set(of, plain.byteLength);
    this.#total += plain.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#total <= BUDGET) return;
      this.#drop(oldest);
    }
  }

  #drop(of: Inflatable): void {
    const size = this.#kept.get(of);
    if (size === undefined) return;
    this.#kept.delete(of);
    this.#total -= size;
    of.plain = undefined;
  }
}
