import { Cron } from "croner";
import type { Miniflare } from "miniflare";
import { messageOf } from "../sentence.ts";

/**
 * Fires the worker's crons at their times, as the platform does: in UTC, each not again before its last run has ended. What
 * goes wrong is said in a line; not so once it is stopped, as the platform's end cuts off what still runs.
 *
 * @param crons expressions as in wrangler.toml
 */
export async function startClock(miniflare: Miniflare, crons: readonly string[]): Promise<{ stop(): void }> {
  const worker = await miniflare.getWorker();
  let stopped = false;
  const say = (sentence: string) => {
    if (!stopped) console.error(sentence);
  };
  const fire = async (cron: string) => {
    const { outcome } = await worker.scheduled({ cron });
    if (outcome !== "ok") say(`The cron ${cron} ended with ${outcome}; it comes again at its next time.`);
  };
  const failed = (error: unknown, { name }: { readonly name?: string | undefined }) =>
    say(`The cron ${name} could not be fired: ${messageOf(error)}`);
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
