import { parseConfig } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
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
    const { house, now } = worker;
    const context = contextOf(now(), ctx, house.counters);
    await consume(batch, house, context);
    house.flush(context);
  },
  async scheduled({ cron }, env, ctx) {
    worker ??= start(env);
    const { house, now } = worker;
    const context = contextOf(now(), ctx, house.counters);
    await onSchedule(cron, { ...house, edge: edgeOf(ctx.cache) }, context);
    house.flush(context);
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
  const house = compose(config, platform);
  return {
    app: createApp(config, house, { now: platform.now, sleep: (ms) => scheduler.wait(ms) }),
    house,
    now: platform.now,
  };
}
