import { createMiddleware } from "hono/factory";
import type { Counted, Counters } from "../repository/ports/counters.ts";
import type { AppEnv } from "./context.ts";
import { viaOf } from "./headers.ts";
import type { Context } from "../repository/context.ts";

/** The kind of an address, of the default index or of one with a name, or of a view of one. */
const FAMILY =
  /^(?:\/@)?(?:\/(?!(?:simple|files|packages|pypi|integrity)\/)[^/]+)?\/(simple|files|packages|pypi|integrity)(?=\/|$)/;

const FAMILIES = new Map<string, Counted["requests"]["family"]>([
  ["simple", "simple"],
  ["files", "files"],
  ["packages", "files"],
  ["pypi", "documents"],
  ["integrity", "documents"],
]);

/**
 * Counts each request when it has been answered.
 *
 * @param flush lets what has been gathered be written where it is time
 */
export const countRequests = (counters: Counters, flush: (ctx: Context) => void) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const { status, headers } = c.res;
    const family = FAMILIES.get(FAMILY.exec(c.req.path)?.[1] ?? "") ?? "other";
    const via = viaOf(headers) ?? "none";
    counters.add("requests", { family, status: String(status), via });
    if (via === "stale") counters.add("stalePages", { warned: headers.has("Warning") ? "true" : "false" });
    if (family === "files" && via !== "none" && c.req.method === "GET" && (status === 200 || status === 206)) {
      counters.add("fileBytes", { via }, Number(headers.get("Content-Length") ?? 0));
    }
    flush(c.get("ctx"));
  });
