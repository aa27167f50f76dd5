import type { Work } from "../worker/platform/platform.ts";

/** What runs for queues and crons, with the work that goes on behind it. */
export class Background {
  readonly #report: (error: unknown) => void;

  /** @param report takes what work that goes on behind a run has thrown */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Runs it to its end, and with it all that it has waited for. Rejects where `start` does. */
  async run(start: (work: Work) => Promise<void>): Promise<void> {
    const behind: Promise<unknown>[] = [];
    try {
      await start({ waitUntil: (work: Promise<unknown>) => void behind.push(work.catch(this.#report)) });
    } finally {
      // Work may itself begin more.
      for (const work of behind) await work;
    }
  }
}
