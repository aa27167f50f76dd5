import { Hono } from "hono";
import { inTime } from "../repository/timeout.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

/** For how long the database is not asked again. Milliseconds. */
const KNOWN = 30_000;

/** What it takes longer to say is not waited for. Milliseconds. */
const PATIENCE = 1_000;

/** A cron that did not run when it should have, and since when: milliseconds since the epoch. */
interface Overdue {
  readonly cron: string;
  readonly since: number;
}

/**
 * Whether the worker runs, and which crons are overdue, to be mounted at `/-/health`. It is 200 whatever it says: a cron, a store or an
 * upstream that is away is no reason to restart, or to send requests elsewhere than to, what goes on serving without it. Where the database
 * does not say when crons ran, nothing is said of them.
 *
 * @param overdue asks the database; its answer holds for half a minute
 */
export function healthRoutes(overdue: (now: number) => Promise<readonly Overdue[]>): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  let known: { readonly at: number; readonly crons: readonly Overdue[] } | undefined;
  routes.get("/", async (c) => {
    const { now } = c.var.ctx;
    if (!known || now - known.at >= KNOWN) {
      const crons = await inTime(PATIENCE, "no answer", overdue(now)).catch(() => []);
      known = { at: now, crons };
    }
    const late = known.crons.map(({ cron, since }) => ({ cron, since: new Date(since).toISOString() }));
    const body = late.length === 0 ? { status: "ok" } : { status: "degraded", overdue: late };
    return c.json(body, 200, LIFETIMES.live);
  });
  return routes;
}
