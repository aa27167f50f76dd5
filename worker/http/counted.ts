import { createMiddleware } from "hono/factory";
import type { Counters } from "../repository/ports.ts";
import type { AppEnv } from "./context.ts";
import { viaOf } from "./headers.ts";

/** The kind of an address, of the default index or of one with a name. */
const FAMILY = /^(?:\/(?!simple\/|files\/)[^/]+)?\/(simple|files)(?=\/|$)/;

/** Counts each request when it has been answered, and lets the counters write where it is time. */
export const counted = (counters: Counters) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const { status, headers } = c.res;
    const family = FAMILY.exec(c.req.path)?.[1] as "simple" | "files" | undefined;
    const via = viaOf(headers) ?? "none";
    counters.add("requests", { family: family ?? "other", status: String(status), via });
    if (via === "stale") counters.add("stalePages", { warned: headers.has("Warning") ? "true" : "false" });
    if (family === "files" && via !== "none" && c.req.method === "GET" && (status === 200 || status === 206)) {
      counters.add("fileBytes", { via }, Number(headers.get("Content-Length") ?? 0));
    }
    counters.flush(c.var.ctx);
  });
