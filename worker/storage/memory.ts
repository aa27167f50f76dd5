/**
 * The isolate's memory tier: settled, immutable values, least recently used out first, within a budget of bytes. Large
 * values are refused: above 64 KB streaming from the store is faster and costs no memory. An isolate answers everybody: who may
 * read what is in here, and whether it is so still, is settled before it is looked at.
 */
export class Memory<Value> {
  static readonly MAX_VALUE = 64 * 1024;
  readonly #entries = new Map<string, { value: Value; bytes: number; until: number }>();
  readonly #budget: number;
  readonly #maxValue: number;
  #used = 0;

  /**
   * @param budget bytes, keys and a fixed overhead for each entry included
   * @param maxValue bytes; larger values are refused
   */
  constructor(budget: number, maxValue = Memory.MAX_VALUE) {
    this.#budget = budget;
    this.#maxValue = maxValue;
  }

  /** @param now milliseconds since the epoch, compared with the entry's `until` */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) {
      this.#used -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps `value`, of `size` bytes, until it is pushed out or `until` (milliseconds since the epoch) has come. */
  set(key: string, value: Value, size: number, until = Infinity): void {
    this.delete(key);
    if (size > this.#maxValue) return;
    const bytes = size + key.length + OVERHEAD;
    this.#entries.set(key, { value, bytes, until });
    this.#used += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#used <= this.#budget) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#used -= entry.bytes;
    this.#entries.delete(key);
  }
}

/** The part of `memory` that is `owner`'s: the same keys of two owners are two. */
export function scopedTo<Value>(memory: Memory<Value>, owner: string): Pick<Memory<Value>, "get" | "set" | "delete"> {
  const own = (key: string) => `${owner} ${key}`;
  return {
    get: (key, now) => memory.get(own(key), now),
    set: (key, value, size, until) => memory.set(own(key), value, size, until),
    delete: (key) => memory.delete(own(key)),
  };
}

/** What a map's entry and its object cost beside their contents, roughly. */
const OVERHEAD = 200;
