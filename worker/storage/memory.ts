/**
 * The isolate's memory: immutable values within a budget of bytes. Those are dropped first that were set longest ago and not
 * used since: to put an entry at the end at each use costs more than to look it up. Large values are refused: above 64 KB streaming from the store is faster and costs no memory. An isolate serves all
 * clients: callers check who may read a value, and whether it is still right, before they look here.
 */
export class Memory<Value> {
  static readonly MAX_VALUE = 64 * 1024;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #budget: number;
  /** Larger values are refused. Bytes. */
  readonly maxValue: number;
  #used = 0;

  /**
   * @param budget bytes, including keys and a fixed overhead for each entry
   * @param maxValue bytes; larger values are refused
   */
  constructor(budget: number, maxValue = Memory.MAX_VALUE) {
    this.#budget = budget;
    this.maxValue = maxValue;
  }

  /** @param now milliseconds since the epoch, compared with the entry's `until` */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.until <= now) {
      this.delete(key);
      return undefined;
    }
    entry.isUsed = true;
    return entry.value;
  }

  /** Keeps `value`, of `size` bytes, until it is dropped or `until` (milliseconds since the epoch) has come. */
  set(key: string, value: Value, size: number, until = Infinity): void {
    this.delete(key);
    if (size > this.maxValue) return;
    const bytes = size + key.length + OVERHEAD;
    if (bytes > this.#budget) return;
    this.#used += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#used <= this.#budget) break;
      this.#entries.delete(oldest);
      // Once more, behind all others.
      if (entry.isUsed) this.#entries.set(oldest, Object.assign(entry, { isUsed: false }));
      else this.#used -= entry.bytes;
    }
    this.#entries.set(key, { value, bytes, until, isUsed: false });
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#used -= entry.bytes;
    this.#entries.delete(key);
  }
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
  readonly until: number;
  /** Whether it was read since it was set, or since it could have been dropped. */
  isUsed: boolean;
}

/** A view of `memory` for one owner: the same key of two owners has two entries. */
export function scopedTo<Value>(memory: Memory<Value>, owner: string): Pick<Memory<Value>, "get" | "set" | "delete"> {
  const own = (key: string) => `${owner} ${key}`;
  return {
    get: (key, now) => memory.get(own(key), now),
    set: (key, value, size, until) => memory.set(own(key), value, size, until),
    delete: (key) => memory.delete(own(key)),
  };
}

/** Estimated memory of a map entry and its object, without their contents. Bytes. */
const OVERHEAD = 200;
