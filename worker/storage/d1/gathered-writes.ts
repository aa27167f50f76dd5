import { MINUTE } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { Context } from "../../repository/context.ts";

/** How long an isolate gathers values before it writes them. Milliseconds. */
export const GATHERING_TIME = 5 * MINUTE;

/**
 * Values that an isolate gathers by key, because single writes would cost too much: all are written at once, behind an
 * answer.
 */
export class Gathering<Value> {
  readonly #merge: (had: Value, came: Value) => Value;
  #entries = new Map<string, Value>();
  #writtenAt: number | undefined;

  /** @param merge combines two values of one key */
  constructor(merge: (had: Value, came: Value) => Value) {
    this.#merge = merge;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(key: string, value: Value): void {
    const had = this.#entries.get(key);
    this.#entries.set(key, had === undefined ? value : this.#merge(had, value));
  }

  /**
   * Runs `write` with all gathered values. Where it fails they are put back, so that values that were written
   * nevertheless are written twice.
   */
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
   * Runs `write` with all gathered values behind the answer, if the last time was more than `GATHERING_TIME` ago. A failure is
   * reported.
   *
   * @param what the values' name in the report
   */
  flush(what: string, write: (entries: [key: string, value: Value][]) => Promise<unknown>, ctx: Context): void {
    this.#writtenAt ??= ctx.now;
    if (ctx.now - this.#writtenAt < GATHERING_TIME || this.size === 0) return;
    this.#writtenAt = ctx.now;
    const report = (error: unknown) => ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
    ctx.defer(this.take(write).catch(report));
  }
}
