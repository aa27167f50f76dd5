import { Hono } from "hono";
import type { JobResult } from "../../../schema/job-results.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { only } from "../limits.ts";
import type { Clock } from "../../locks/warm.ts";
import type { AuditLog } from "../../publishing/releases/audit-log.ts";
import type { Life } from "../../publishing/releases/life.ts";
import type { TokenStore } from "../../auth/ports.ts";
import type { UploadsInParts } from "../../publishing/in-parts.ts";
import type { Gate } from "../access.ts";
import { adminOnly } from "./admin.ts";
import { answerAudit } from "./audit.ts";
import { sentencesOf } from "./job-sentences.ts";
import type { NamedIndex } from "./lock.ts";
import { isOn, parametersOf } from "./parameters.ts";
import { releaseRoutes } from "./releases.ts";
import { tokenRoutes } from "./tokens.ts";
import { uploadRoutes } from "./uploads.ts";
import { answerWarm } from "./warm.ts";
import { answerWheelhouse } from "./wheelhouse.ts";
import type { Context } from "../../repository/context.ts";

/** What the API is put together from. */
export interface ApiParts {
  readonly gate: Gate;
  /** Runs a job by its name. Throws `no-such-route` where there is none of that name. */
  readonly runJob: (
    name: string,
    ctx: Context,
    options: { readonly dryRun: boolean; readonly byHand: boolean },
  ) => Promise<readonly JobResult[]>;
  readonly indexes: readonly (NamedIndex & { readonly hosted: boolean })[];
  readonly life: Life;
  readonly auditLog: AuditLog;
  readonly tokens: TokenStore;
  readonly uploads: UploadsInParts;
  readonly clock: Clock;
}

/** What an admin can do, to be mounted at `/-/api`. */
export function apiRoutes(parts: ApiParts): Hono<AppEnv> {
  const { gate, runJob, indexes, life, auditLog, tokens, uploads, clock } = parts;
  const routes = new Hono<AppEnv>();

  for (const path of ["/jobs/:name", "/warm", "/wheelhouse"]) routes.use(path, adminOnly(gate), only("POST"));
  routes.post("/jobs/:name", async (c) => {
    const job = c.req.param("name");
    const { "dry-run": dryRun } = parametersOf(c.req.url, ["dry-run"]);
    if ((await c.req.raw.text()) !== "")
      throw badRequest("A job takes no body; dry-run is a parameter: ?dry-run=true.");
    const options = { dryRun: isOn("dry-run", dryRun), byHand: true };
    const results = await runJob(job, c.var.ctx, options);
    return c.json({ job, did: sentencesOf(results, options.dryRun), results }, 200, LIFETIMES.live);
  });

  routes.post("/warm", (c) => answerWarm(c, indexes, clock));
  routes.post("/wheelhouse", (c) => answerWheelhouse(c, indexes));
  routes.route("/tokens", tokenRoutes({ gate, tokens, indexes }));

  routes.route("/indexes", releaseRoutes(gate, life));
  routes.get("/audit", (c) => answerAudit(c, gate, auditLog));
  routes.use("/audit", adminOnly(gate), only("GET", "HEAD"));

  routes.route("/uploads", uploadRoutes(gate, uploads));

  // Here, and not where all others are: there a POST is told that it could be a GET.
  routes.all("*", adminOnly(gate), () => {
    throw new IndexError("no-such-route", NOT_HERE);
  });
  return routes;
}

const NOT_HERE =
  "There is nothing at this address; POST is offered at /-/api/jobs/NAME, /-/api/warm and /-/api/wheelhouse. Uploads in parts are at /-/api/uploads, tokens at /-/api/tokens, releases below /-/api/indexes/INDEX/projects/PROJECT, the audit log is at /-/api/audit.";
