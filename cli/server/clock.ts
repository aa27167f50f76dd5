import { Cron } from "croner";
import type { Miniflare } from "miniflare";
import { errorText } from "../lib/command-error.ts";

/** As long as the platform lets a cron run. What has not answered by then was lost with a runtime that crashed. Milliseconds. */
const LONGEST_RUN = 15 * 60_000;

/**
 * Fires the worker's crons at their times, as the platform does: in UTC, each not again before its last run has ended. What
 * goes wrong is said in a line; not so once it is stopped, as the platform's end cuts off what still runs. A runtime that has
 * crashed is started again by miniflare, so that the worker is asked for each time: what is held from before reaches nothing.
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

/** How a run ended, or that it did not. */
async function withinRun(outcome: Promise<string>): Promise<string> {
  const timer = Promise.withResolvers<string>();
  const timeout = setTimeout(() => timer.resolve("no answer"), LONGEST_RUN);
  try {
    return await Promise.race([outcome, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
