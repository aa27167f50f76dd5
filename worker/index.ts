import { parseConfig } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose/services.ts";
import { onSchedule } from "./jobs/schedule.ts";
import { consume } from "./jobs/queues.ts";
import { runContextOf } from "./log/context.ts";
import { logAs } from "./log/log.ts";
import { timedFetch } from "./log/upstream-wait.ts";
import { edgeOf } from "./storage/cache/edge.ts";

let worker: ReturnType<typeof start> | undefined;

export default {
  fetch(request, env, ctx) {
    // Started once per isolate: the bindings of a deployment do not change.
    worker ??= start(env);
    return worker.app.fetch(request, env, ctx);
  },
  async queue(batch, env, ctx) {
    worker ??= start(env);
    const { services, now, log } = worker;
    const context = runContextOf(now(), ctx, services.counters, log);
    await consume(batch, services, context);
    services.flush(context);
  },
  async scheduled({ cron }, env, ctx) {
    worker ??= start(env);
    const { services, now, log } = worker;
    const context = runContextOf(now(), ctx, services.counters, log);
    await onSchedule(cron, { ...services, edge: edgeOf(ctx.cache) }, context);
    services.flush(context);
  },
} satisfies ExportedHandler<Env>;

function start(env: Env) {
  const config = parseConfig({ ...env });
  const platform = {
    ...env,
    cache: caches.default,
    fetch: timedFetch((request: Request, init?: RequestInit) => fetch(request, init), Date.now),
    now: Date.now,
  };
  const services = compose(config, platform);
  return {
    app: createApp(config, services, { now: platform.now, sleep: (ms) => scheduler.wait(ms) }),
    services,
    now: platform.now,
    log: logAs(config.logFormat),
  };
}
