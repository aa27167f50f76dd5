import { createMiddleware } from "hono/factory";
import type { Context, Event } from "../repository/repository.ts";

/** What Hono's handlers find in `c.var`: one context a request, made by the first middleware. */
export interface AppEnv {
  Variables: { ctx: Context };
}

/** Gives a request its context: the time it came, what it may leave running, and whom to tell; and every answer `nosniff`. */
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

function report({ event, what, reason }: Event): void {
  console.warn(`${event}: ${what}: ${reason}`);
}
