import type { within } from "../../../../worker/repository/timeout.ts";
import { TIMED_OUT } from "../../../../worker/repository/timeout.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** A simulated time: what waits for it happens in order of time, and things of the same moment in any order. */
export class SimulatedClock {
  /** Milliseconds. */
  now = 0;
  readonly #due: Due[] = [];
  readonly #order: () => number;

  readonly #follow: () => Promise<unknown>;

  /**
   * @param order draws a number by which what happens in one moment is ordered
   * @param follow resolves when all that follows from what has happened has been done
   */
  constructor(order: () => number, follow: () => Promise<unknown> = () => new Promise(setImmediate)) {
    this.#order = order;
    this.#follow = follow;
  }

  /** @returns what keeps it from happening */
  at(time: number, happen: () => void): () => void {
    const due = { at: time, order: this.#order(), happen };
    this.#due.push(due);
    return () => {
      const at = this.#due.indexOf(due);
      if (at !== -1) this.#due.splice(at, 1);
    };
  }

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => this.at(this.now + milliseconds, resolve));

  /** The same as `within`, in this time. */
  readonly within: typeof within = (timeout, work) =>
    Promise.race([work, this.sleep(timeout).then((): typeof TIMED_OUT => TIMED_OUT)]);

  /** Lets everything happen. */
  async run(): Promise<void> {
    for (;;) {
      let next: Due | undefined;
      for (const due of this.#due) {
        if (!next || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
      }
      if (!next) return;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = next.at;
      next.happen();
      await this.#follow();
    }
  }
}
