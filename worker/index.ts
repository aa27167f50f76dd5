import { parseConfig } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose/services.ts";
import { onSchedule } from "./jobs/crons.ts";
import { consume } from "./jobs/queues.ts";
import { contextOf } from "./repository/context.ts";
import { edgeOf } from "./storage/edge.ts";

let worker: ReturnType<typeof start> | undefined;

export default {
  fetch(request, env, ctx) {
    // Once an isolate; the bindings of a deployment do not change under it.
    worker ??= start(env);
    return worker.app.fetch(request, env, ctx);
  },
  async queue(batch, env, ctx) {
    worker ??= start(env);
    const { services, now } = worker;
    const context = contextOf(now(), ctx, services.counters);
    await consume(batch, services, context);
    services.flush(context);
  },
  async scheduled({ cron }, env, ctx) {
    worker ??= start(env);
    const { services, now } = worker;
    const context = contextOf(now(), ctx, services.counters);
    await onSchedule(cron, { ...services, edge: edgeOf(ctx.cache) }, context);
    services.flush(context);
  },
} satisfies ExportedHandler<Env>;

function start(env: Env) {
  const config = parseConfig({ ...env });
  const platform = {
    ...env,
    cache: caches.default,
    fetch: (request: Request, init?: RequestInit) => fetch(request, init),
    now: Date.now,
  };
  const services = compose(config, platform);
  return {
    app: createApp(config, services, { now: platform.now, sleep: (ms) => scheduler.wait(ms) }),
    services,
    now: platform.now,
  };
}
