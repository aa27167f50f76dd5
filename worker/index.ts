import { parseConfig } from "../schema/config.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request, env, ctx) {
    // Once an isolate; the bindings of a deployment do not change under it.
    app ??= start(env);
    return app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;

function start(env: Env) {
  const config = parseConfig({ ...env });
  const platform = { ...env, cache: caches.default, fetch: (request: Request) => fetch(request), now: Date.now };
  return createApp(config, compose(config, platform), platform.now);
}
