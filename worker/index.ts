import { parseConfig } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
import { consume } from "./jobs/queues.ts";
import { contextOf } from "./repository/context.ts";

let worker: ReturnType<typeof start> | undefined;

export default {
  fetch(request, env, ctx) {
    // Once an isolate; the bindings of a deployment do not change under it.
    worker ??= start(env);
    return worker.app.fetch(request, env, ctx);
  },
  async queue(batch, env, ctx) {
    worker ??= start(env);
    const { sources, counters } = worker.house;
    const context = contextOf(worker.now(), ctx, counters);
    await consume(batch, sources, context);
    counters.flush(context);
  },
} satisfies ExportedHandler<Env>;

function start(env: Env) {
  const config = parseConfig({ ...env });
  const platform = { ...env, cache: caches.default, fetch: (request: Request) => fetch(request), now: Date.now };
  const house = compose(config, platform);
  return { app: createApp(config, house, platform.now), house, now: platform.now };
}
