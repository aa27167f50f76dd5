import { Cron } from "croner";
import { messageOf } from "../worker/errors.ts";
import { endedWithin } from "./ended-within.ts";

/** Crons that fire until they are stopped. */
export interface Crons {
  /** Fires them at their next times by the clock as it is now. Runs under way go on. */
  clockWasSetBack(): void;
  /** Fires none from now on, and waits for runs under way, so many milliseconds at most. */
  stop(patience: number): Promise<void>;
}

/**
 * Fires crons at their times in UTC. One that comes due while its last run goes on is fired once, within half a minute after
 * that run has ended. What came due before the start is not made up for. A run that fails is said in one line.
 *
 * @param expressions as in wrangler.toml's `[triggers]`
 * @param run what an expression starts
 */
export function startCrons(
  expressions: readonly string[],
  run: (expression: string) => Promise<void>,
  log: (line: string) => void = console.error,
): Crons {
  const runs = new Set<Promise<void>>();
  const fire = async (expression: string) => {
    try {
      await run(expression);
    } catch (error) {
      const reason = messageOf(error);
      log(`The cron ${expression} failed: ${reason}; it comes again at its next time.`);
    }
  };
  const begun = () =>
    expressions.map(
      (expression) =>
        new Cron(expression, { timezone: "UTC", protect: true, unref: true }, () => {
          const fired = fire(expression).finally(() => runs.delete(fired));
          runs.add(fired);
          return fired;
        }),
    );
  let crons = begun();
  return {
    clockWasSetBack() {
      for (const cron of crons) cron.stop();
      crons = begun();
    },
    async stop(patience) {
      for (const cron of crons) cron.stop();
      await endedWithin(patience, runs);
    },
  };
}
