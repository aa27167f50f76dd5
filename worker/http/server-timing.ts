import { createMiddleware } from "hono/factory";
import { addUpstreamWait, UpstreamWait } from "../log/upstream-wait.ts";
import type { AppEnv } from "./context.ts";
import { viaOf } from "./headers.ts";

/**
 * Has each answer say which layer gave it, and how long its head took (`Server-Timing`, https://www.w3.org/TR/server-timing/):
 * `from;desc=kv, total;dur=12, upstream;dur=9`. These are all the names that there are, and none is made of the request. `from`
 * stands where a layer answered, `upstream` where an upstream was asked. Durations are whole milliseconds: workerd's clock stands still
 * while code runs (against timing attacks), so that there they are what was waited for, without the CPU.
 *
 * @param now milliseconds since the epoch
 */
export const serverTiming = (now: () => number) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const wait = new UpstreamWait();
    c.set("upstreamWait", wait);
    await addUpstreamWait(wait, next);
    const { headers } = c.res;
    const ended = now();
    const via = viaOf(headers);
    const from = via === undefined ? "" : `from;desc=${via}, `;
    const upstream = wait.wasAsked ? `, upstream;dur=${wait.total(ended)}` : "";
    // A clock that is set back makes no duration negative.
    headers.set("Server-Timing", `${from}total;dur=${Math.max(0, ended - c.get("ctx").now)}${upstream}`);
  });
