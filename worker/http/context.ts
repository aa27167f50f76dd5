import { createMiddleware } from "hono/factory";
import { contextOf } from "../repository/context.ts";
import type { Counters } from "../repository/ports.ts";
import type { Context } from "../repository/repository.ts";

/** What Hono's handlers find in `c.var`: one context a request, made by the first middleware. */
export interface AppEnv {
  Variables: { ctx: Context };
}

/** Gives a request its context: the time it came, what it may leave running, and whom to tell; and every answer `nosniff`. */
export const withContext = (now: () => number, counters: Counters) =>
  createMiddleware<AppEnv>(async (c, next) => {
    c.set("ctx", contextOf(now(), c.executionCtx, counters));
    await next();
    c.res.headers.set("X-Content-Type-Options", "nosniff");
  });
