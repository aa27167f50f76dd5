import { createMiddleware } from "hono/factory";
import type { Event } from "../repository/repository.ts";
import type { AppEnv } from "./env.ts";
import { pathOf } from "./path.ts";

/** Gives a request its context: the time it came, and what it may leave running. */
export const withContext = (now: () => number) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const work = c.executionCtx;
    c.set("ctx", {
      now: now(),
      defer: (promise) =>
        work.waitUntil(promise.catch((error: unknown) => console.error("deferred work failed:", error))),
      report,
    });
    await next();
    c.res.headers.set("X-Content-Type-Options", "nosniff");
  });

/** One line a request: when, what, how it was answered, from where, and how long the answer's head took. */
export const log = (now: () => number) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const from = c.res.headers.get("Cache-Status")?.replace("pypi-edge; ", "") ?? "-";
    const started = c.var.ctx.now;
    const line = [
      new Date(started).toISOString(),
      c.req.method,
      pathOf(c.req.url),
      c.res.status,
      `${now() - started} ms`,
      `(${from})`,
    ];
    console.log(line.join(" "));
  });

function report({ event, what, reason }: Event): void {
  console.warn(`${event}: ${what}: ${reason}`);
}
