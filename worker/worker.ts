import type { Config } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose/services.ts";
import { advisoryTroubleOf } from "./jobs/advisory-trouble.ts";
import { hostedNowhere } from "./jobs/hosted-nowhere.ts";
import { rootTrouble } from "./jobs/root-trouble.ts";
import { onSchedule } from "./jobs/schedule.ts";
import { consume } from "./jobs/queues.ts";
import { runContextOf } from "./log/context.ts";
import { logAs } from "./log/log.ts";
import { timedFetch } from "./log/upstream-wait.ts";
import type { Platform, Work } from "./platform/platform.ts";
import type { Batch } from "./platform/queues.ts";
import type { Edge } from "./repository/ports/maintenance.ts";

/** What starts the worker's work, on every platform. */
export interface Worker {
  /** @param edge the cache in front of the worker; undefined where there is none */
  fetch(request: Request, work: Work, edge?: Edge): Promise<Response>;
  /** Acknowledges each message of a queue's batch, or has it delivered again. Rejects where no consumer reads the queue. */
  queue(batch: Batch, work: Work): Promise<void>;
  /**
   * Runs what a cron starts.
   *
   * @param cron its expression, as wrangler.toml has it
   * @param edge as for `fetch`
   */
  scheduled(cron: string, work: Work, edge?: Edge): Promise<void>;
  /** What an operator is to know at the start, as a sentence; undefined: nothing. Rejects where the database cannot be read. */
  notice(): Promise<string | undefined>;
}

/** The worker on a platform. Called once per isolate, since the isolate's memory is in it. */
export function createWorker(config: Config, given: Platform): Worker {
  const platform = { ...given, fetch: timedFetch(given.fetch, given.now) };
  const services = compose(config, platform);
  const trouble = advisoryTroubleOf({
    indexes: config.indexes,
    isKept: config.osv !== undefined,
    store: services.advisoryIndex,
  });
  const app = createApp(config, services, platform);
  const log = logAs(config.logFormat);
  const contextOf = (work: Work) => runContextOf(platform.now(), work, services.counters, log);
  return {
    fetch: async (request, work, edge) => app.fetch(request, { work, edge }),
    async queue(batch, work) {
      const context = contextOf(work);
      await consume(batch, services, context);
      services.flush(context);
    },
    async scheduled(cron, work, edge) {
      const context = contextOf(work);
      await onSchedule(cron, { ...services, edge }, context);
      services.flush(context);
    },
    async notice() {
      const now = platform.now();
      const found = await Promise.all([
        hostedNowhere(config.indexes, services.hosted),
        trouble(now),
        rootTrouble(services.sources, now),
      ]);
      return found.flatMap((each) => each?.sentence ?? []).join(" ") || undefined;
    },
  };
}
