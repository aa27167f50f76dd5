import { parseConfig } from "../schema/config.ts";
import { edgeOf } from "./cloudflare/edge.ts";
import { cloudflare } from "./cloudflare/platform.ts";
import { createWorker, type Worker } from "./worker.ts";

let worker: Worker | undefined;

/** Made once per isolate: the bindings of a deployment do not change. */
const workerIn = (env: Env): Worker => (worker ??= createWorker(parseConfig({ ...env }), cloudflare(env)));

export default {
  fetch: (request, env, ctx) => workerIn(env).fetch(request, ctx, edgeOf(ctx.cache)),
  queue: (batch, env, ctx) => workerIn(env).queue(batch, ctx),
  scheduled: ({ cron }, env, ctx) => workerIn(env).scheduled(cron, ctx, edgeOf(ctx.cache)),
} satisfies ExportedHandler<Env>;
