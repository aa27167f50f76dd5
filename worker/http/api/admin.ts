import { createMiddleware } from "hono/factory";
import type { Gate } from "../access.ts";
import type { AppEnv } from "../context.ts";

/** Lets through who may do everything with the whole installation. */
export const adminOnly = (gate: Gate) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await gate(c, { scope: "admin", index: "*" });
    await next();
  });
