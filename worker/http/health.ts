import { Hono } from "hono";
import { SECOND } from "../duration.ts";
import type { Platform } from "../platform/platform.ts";
import { inTime } from "../repository/timeout.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

/** How long an answer of the database and of the stores is reused. */
const REUSE_MS = 30 * SECOND;

/** How long each is waited for. */
const TIMEOUT_MS = SECOND;

/** A cron that did not run when it was due, and the time since then in milliseconds since the epoch. */
interface Overdue {
  readonly cron: string;
  readonly since: number;
}

/**
 * Says whether the worker runs, which crons are overdue and what is wrong with the stores, to be mounted at `/-/health`.
 * The status is always 200: a failing cron, store or upstream is no reason to restart the worker or to stop sending
 * requests to it. Where the database does not answer, no crons are listed.
 *
 * @param overdue asks the database; its answer is reused for half a minute
 * @param trouble as a platform has it; its answer is reused likewise
 */
export function healthRoutes(
  overdue: (now: number) => Promise<readonly Overdue[]>,
  trouble: Platform["trouble"],
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  let known:
    | { readonly at: number; readonly crons: readonly Overdue[]; readonly storage: string | undefined }
    | undefined;
  routes.get("/", async (c) => {
    const { now } = c.get("ctx");
    if (!known || now - known.at >= REUSE_MS) {
      const [crons, storage] = await Promise.all([
        inTime(TIMEOUT_MS, "no answer", overdue(now)).catch(() => []),
        inTime(TIMEOUT_MS, "no answer", trouble()).catch(() => "The stores do not answer."),
      ]);
      known = { at: now, crons, storage };
    }
    const { storage } = known;
    const late = known.crons.map(({ cron, since }) => ({ cron, since: new Date(since).toISOString() }));
    const faults = { ...(late.length > 0 && { overdue: late }), ...(storage !== undefined && { storage }) };
    const body = { status: Object.keys(faults).length === 0 ? "ok" : "degraded", ...faults };
    return c.json(body, 200, LIFETIMES.live);
  });
  return routes;
}
