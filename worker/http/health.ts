import { Hono } from "hono";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

/**
 * Whether the worker runs, to be mounted at `/-/health`. It touches nothing: a store or an upstream that is away is no reason
 * to restart what goes on serving without it.
 */
export function healthRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", (c) => c.json({ status: "ok" }, 200, LIFETIMES.live));
  return routes;
}
