import { Cron } from "croner";
import type { Miniflare } from "miniflare";
import { MINUTE } from "../../worker/duration.ts";
import { errorText } from "../lib/command-error.ts";

/** Cloudflare's time limit of a cron run. A run without an answer by then was lost when the runtime crashed. Milliseconds. */
const LONGEST_RUN = 15 * MINUTE;

/**
 * Fires the worker's crons at their times, as the platform does: in UTC, and a cron only after its last run has ended. A
 * failure is printed in one line. After `stop` no line is printed, since the platform's end breaks off the running crons.
 * miniflare restarts a runtime that crashed, and a reference to the old worker is then dead: each run gets the worker anew.
 *
 * @param crons expressions as in wrangler.toml
 */
export function startClock(miniflare: Pick<Miniflare, "getWorker">, crons: readonly string[]): { stop(): void } {
  let stopped = false;
  const say = (sentence: string) => {
    if (!stopped) console.error(sentence);
  };
  const fire = async (cron: string) => {
    const worker = await miniflare.getWorker();
    const outcome = await withinRun(worker.scheduled({ cron }).then((result) => result.outcome));
    if (outcome !== "ok") say(`The cron ${cron} ended with ${outcome}; it comes again at its next time.`);
  };
  const failed = (error: unknown, { name }: { readonly name?: string | undefined }) =>
    say(`The cron ${name} could not be fired: ${errorText(error)}`);
  const clocks = crons.map(
    (cron) => new Cron(cron, { name: cron, timezone: "UTC", protect: true, catch: failed }, () => fire(cron)),
  );
  return {
    stop() {
      stopped = true;
      for (const clock of clocks) clock.stop();
    },
  };
}

/** The outcome of a run, or `no answer` where it has none within `LONGEST_RUN`. */
async function withinRun(outcome: Promise<string>): Promise<string> {
  const timer = Promise.withResolvers<string>();
  const timeout = setTimeout(() => timer.resolve("no answer"), LONGEST_RUN);
  try {
    return await Promise.race([outcome, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
