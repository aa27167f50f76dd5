import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { pathOf } from "./path.ts";
import { redacted } from "./redact.ts";

/** One line a request: when, what, how it was answered, from where, and how long the answer's head took. */
export const log = (now: () => number) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const from = c.res.headers.get("Cache-Status")?.replace("pypi-edge; ", "") ?? "-";
    const started = c.var.ctx.now;
    const line = [
      new Date(started).toISOString(),
      c.req.method,
      redacted(pathOf(c.req.url)),
      c.res.status,
      `${now() - started} ms`,
      `(${from})`,
    ];
    console.log(line.join(" "));
  });
