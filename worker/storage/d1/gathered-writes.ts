import { messageOf } from "../../errors.ts";
import type { Context } from "../../repository/context.ts";

/** How long an isolate gathers before it writes. Milliseconds. */
export const GATHER = 5 * 60_000;

/** What an isolate gathers that is worth no write of its own, by key: all of it is written at once, behind an answer. */
export class Gathering<Value> {
  readonly #merge: (had: Value, came: Value) => Value;
  #entries = new Map<string, Value>();
  #writtenAt: number | undefined;

  /** @param merge what becomes of two values of one key */
  constructor(merge: (had: Value, came: Value) => Value) {
    this.#merge = merge;
  }

  /** How many keys wait. */
  get size(): number {
    return this.#entries.size;
  }

  add(key: string, value: Value): void {
    const had = this.#entries.get(key);
    this.#entries.set(key, had === undefined ? value : this.#merge(had, value));
  }

  /** Runs `write` with all that waits, which is put back where that fails: what was written nevertheless is written twice. */
  async take<T>(write: (entries: [key: string, value: Value][]) => Promise<T>): Promise<T> {
    const taken = [...this.#entries];
    this.#entries = new Map();
    try {
      return await write(taken);
    } catch (error) {
      for (const [key, value] of taken) this.add(key, value);
      throw error;
    }
  }

  /**
   * Lets `write` have what waits, behind the answer, where the last time was a while ago. A failure is reported.
   *
   * @param what what it is called in a report
   */
  flush(what: string, write: (entries: [key: string, value: Value][]) => Promise<unknown>, ctx: Context): void {
    this.#writtenAt ??= ctx.now;
    if (ctx.now - this.#writtenAt < GATHER || this.size === 0) return;
    this.#writtenAt = ctx.now;
    const report = (error: unknown) => ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
    ctx.defer(this.take(write).catch(report));
  }
}
