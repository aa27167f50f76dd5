import { Hono } from "hono";
import { SECOND } from "../duration.ts";
import { inTime } from "../repository/timeout.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

/** How long the database's answer is reused. */
const REUSE_MS = 30 * SECOND;

/** How long the database's answer is waited for. */
const TIMEOUT_MS = SECOND;

/** A cron that did not run when it was due, and the time since then in milliseconds since the epoch. */
interface Overdue {
  readonly cron: string;
  readonly since: number;
}

/**
 * Says whether the worker runs and which crons are overdue, to be mounted at `/-/health`. The status is always 200: a
 * failing cron, store or upstream is no reason to restart the worker or to stop sending requests to it. Where the
 * database does not answer, no crons are listed.
 *
 * @param overdue asks the database; its answer is reused for half a minute
 */
export function healthRoutes(overdue: (now: number) => Promise<readonly Overdue[]>): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  let known: { readonly at: number; readonly crons: readonly Overdue[] } | undefined;
  routes.get("/", async (c) => {
    const { now } = c.get("ctx");
    if (!known || now - known.at >= REUSE_MS) {
      const crons = await inTime(TIMEOUT_MS, "no answer", overdue(now)).catch(() => []);
      known = { at: now, crons };
    }
    const late = known.crons.map(({ cron, since }) => ({ cron, since: new Date(since).toISOString() }));
    const body = late.length === 0 ? { status: "ok" } : { status: "degraded", overdue: late };
    return c.json(body, 200, LIFETIMES.live);
  });
  return routes;
}
