import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { viaOf } from "./headers.ts";
import { pathOf } from "./path.ts";
import { redactPath } from "./redact.ts";

/** Writes one line for each request: when, what, how it was answered, by which layer, and how long its answer's head took. */
export const requestLog = (now: () => number) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const ctx = c.get("ctx");
    const { status, headers } = c.res;
    const ended = now();
    const ms = ended - ctx.now;
    const request = `${c.req.method} ${redactPath(pathOf(c.req.url))}`;
    const from = headers.get("Cache-Status")?.replace("pypi-edge; ", "") ?? "-";
    c.get("log")(
      "log",
      {
        request,
        status,
        layer: viaOf(headers),
        bytes: bytesOf(c.req.method, headers),
        ms,
        upstreamMs: c.get("upstreamWait").total(ended),
      },
      `${new Date(ctx.now).toISOString()} ${request} ${status} ${ms} ms (${from})`,
    );
  });

/** undefined where the head does not say it, and for HEAD, whose answer has none. */
function bytesOf(method: string, headers: Headers): number | undefined {
  const length = method === "HEAD" ? null : headers.get("Content-Length");
  return length === null ? undefined : Number(length);
}
