import { createMiddleware } from "hono/factory";
import { contextOf, type Context } from "../repository/context.ts";
import type { Counters } from "../repository/ports/counters.ts";
import { NOTHING_LOADED } from "./headers.ts";

/** What Hono's handlers find in `c.var`: one context a request, made by the first middleware. */
export interface AppEnv {
  Variables: { ctx: Context };
}

const POLICY = "Content-Security-Policy";

/**
 * Gives a request its context: the time it came, what it may leave running, and whom to tell; every answer `nosniff`; and every
 * answer in HTML a policy by which it loads nothing, unless it has one of its own.
 */
export const withContext = (now: () => number, counters: Counters) =>
  createMiddleware<AppEnv>(async (c, next) => {
    c.set("ctx", contextOf(now(), c.executionCtx, counters));
    await next();
    const { headers } = c.res;
    headers.set("X-Content-Type-Options", "nosniff");
    const isHtml = /html/i.test(headers.get("Content-Type") ?? "");
    if (isHtml && !headers.has(POLICY)) headers.set(POLICY, NOTHING_LOADED);
  });
