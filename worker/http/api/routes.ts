import { Hono } from "hono";
import type { Context } from "../../repository/repository.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import type { Clock } from "../../repository/warm.ts";
import { adminOnly } from "./admin.ts";
import type { NamedIndex } from "./lock.ts";
import { answerWarm } from "./warm.ts";
import { answerWheelhouse } from "./wheelhouse.ts";

/** What the API is put together from. */
export interface ApiParts {
  /** undefined: nobody is let in. */
  readonly adminToken: string | undefined;
  /** Runs a job by its name and says what it did. Throws `no-such-route` where there is none of that name. */
  readonly runJob: (name: string, ctx: Context, options: { readonly dryRun: boolean }) => Promise<readonly string[]>;
  readonly indexes: readonly NamedIndex[];
  readonly clock: Clock;
}

/** What an admin can do, to be mounted at `/-/api`. */
export function apiRoutes({ adminToken, runJob, indexes, clock }: ApiParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use(adminOnly(adminToken));

  routes.post("/jobs/:name", async (c) => {
    const job = c.req.param("name");
    const did = await runJob(job, c.var.ctx, { dryRun: c.req.query("dry-run") === "true" });
    return c.json({ job, did }, 200, LIFETIMES.live);
  });

  routes.post("/warm", (c) => answerWarm(c, indexes, clock));
  routes.post("/wheelhouse", (c) => answerWheelhouse(c, indexes));

  return routes;
}
