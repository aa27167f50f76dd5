import { Hono, type Context as HonoContext } from "hono";
import { badRequest, IndexError } from "../../errors.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import type { Clock } from "../../locks/waiting.ts";
import type { AuditLog } from "../../publishing/releases/audit-log.ts";
import type { AdvisoriesOn, Forks } from "../../publishing/fork.ts";
import type { ReleaseActions } from "../../publishing/releases/actions.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import type { UploadsInParts } from "../../publishing/uploads-in-parts.ts";
import { adminOnly, type Authorize } from "../access.ts";
import type { ReleaseChanges } from "../release-changes.ts";
import type { Settling } from "../settle.ts";
import type { JobActions } from "../job-actions.ts";
import type { PolicyEntryActions } from "../policy-entry-actions.ts";
import type { TokenActions } from "../token-actions.ts";
import type { AdvisoryIndexStore } from "../../repository/ports/advisory-index.ts";
import type { Receiver } from "../../repository/ports/notices.ts";
import { advisoryRoutes, type ReplaceAudited } from "./advisories.ts";
import { answerAudit } from "./audit.ts";
import { forkRoutes, type MergingIndex } from "./forks.ts";
import type { NamedIndex } from "./lock.ts";
import { mirrorRoutes, type MirrorApi } from "./mirror.ts";
import { notifyRoutes } from "./notify.ts";
import { openApiRoutes } from "./openapi.ts";
import { lockRoutes } from "./locks.ts";
import { isSwitchedOn, parametersOf } from "./parameters.ts";
import { policyEntryRoutes } from "./policy-entries.ts";
import { readOptionalBody } from "./request-body.ts";
import { releaseRoutes, type ReleasesApi } from "./releases.ts";
import { tokenRoutes } from "./tokens.ts";
import { trustedRootRoutes, type TrustedRootApi } from "./trusted-root.ts";
import { uploadsInPartsRoutes } from "./uploads-in-parts.ts";

/** What the API needs. */
export interface ApiOptions {
  readonly authorize: Authorize;
  readonly settling: Settling;
  readonly jobActions: JobActions;
  readonly indexes: readonly (NamedIndex & MergingIndex)[];
  readonly releases: ReleaseActions;
  readonly releaseChanges: ReleaseChanges;
  readonly publishers: ReleasesApi["publishers"];
  readonly forks: Forks;
  readonly advisoriesOnFork: AdvisoriesOn;
  readonly auditLog: AuditLog;
  readonly tokenActions: TokenActions;
  readonly policyEntryActions: PolicyEntryActions;
  readonly uploads: UploadsInParts;
  readonly advisories: AdvisoryIndexStore & { readonly replaceAudited: ReplaceAudited };
  readonly trustedRoots: TrustedRootApi;
  readonly mirroring: Omit<MirrorApi, "authorize">;
  readonly receivers: readonly Receiver[];
  readonly clock: Clock;
  readonly pipe: MakePipe;
}

/** A job's body should be empty; a little of one is read so that the answer says so. Bytes. */
const MAX_JOB_BYTES = 1024 ** 2;

/** The API, to be mounted at `/-/api`. */
export function apiRoutes(parts: ApiOptions): Hono<AppEnv> {
  const { authorize, settling, indexes, auditLog, uploads, advisories, mirroring, clock, pipe } = parts;
  const routes = new Hono<AppEnv>();

  /** Throws `not-authenticated` without a valid token. Whatever that allows, an address that is misspelt is told to be that. */
  async function assertKnown(c: HonoContext<AppEnv>): Promise<void> {
    try {
      await authorize(c, { scope: "admin", index: "*" });
    } catch (error) {
      if (!(error instanceof IndexError) || error.kind !== "not-allowed") throw error;
    }
  }

  routes.use("/jobs/:name", adminOnly(authorize), allowOnly("POST"));
  routes.post("/jobs/:name", async (c) => {
    const job = c.req.param("name");
    const { "dry-run": dryRun } = parametersOf(c.req.url, ["dry-run"]);
    const { byteLength } = await readOptionalBody(c.req.raw, MAX_JOB_BYTES, "The body");
    if (byteLength > 0) throw badRequest("A job takes no body; dry-run is a parameter: ?dry-run=true.");
    const options = { dryRun: isSwitchedOn("dry-run", dryRun) };
    const author = await authorize(c, { scope: "admin", index: "*" });
    const run = await parts.jobActions.run(job, options, author, c.get("ctx"));
    return c.json(run, 200, LIFETIMES.live);
  });

  routes.route("/", lockRoutes({ authorize, indexes, clock, pipe }));
  routes.route("/tokens", tokenRoutes(authorize, parts.tokenActions));

  routes.route("/policy/entries", policyEntryRoutes(authorize, parts.policyEntryActions));
  routes.route("/mirror", mirrorRoutes({ authorize, ...mirroring }));

  routes.route("/indexes", releaseRoutes({ ...parts, changes: parts.releaseChanges }));
  routes.route("/indexes", forkRoutes(authorize, indexes, parts.forks, parts.advisoriesOnFork));
  routes.get("/audit", (c) => answerAudit(c, authorize, auditLog));
  routes.use("/audit", adminOnly(authorize), allowOnly("GET", "HEAD"));

  routes.route("/advisories", advisoryRoutes(authorize, settling, advisories, advisories.replaceAudited));

  routes.route("/trusted-root", trustedRootRoutes(authorize, parts.trustedRoots));

  routes.route("/uploads", uploadsInPartsRoutes(authorize, settling, uploads));

  routes.route("/notify", notifyRoutes(authorize, parts.receivers));
  routes.route("/openapi.json", openApiRoutes());

  // Answered here and not by the app's own handler, which would first refuse a POST and say that GET is offered.
  routes.all("*", async (c) => {
    await assertKnown(c);
    throw new IndexError("no-such-route", NOT_HERE);
  });
  return routes;
}

const NOT_HERE =
  "There is nothing at this address; POST is offered at /-/api/jobs/NAME, /-/api/warm, /-/api/wheelhouse, /-/api/lock/local and /-/api/lock/canonical. Uploads in parts are at /-/api/uploads, tokens at /-/api/tokens, mirrors at /-/api/mirror, receivers are tried at /-/api/notify/test, lists of policies at /-/api/policy/entries, releases below /-/api/indexes/INDEX/projects/PROJECT, the audit log is at /-/api/audit, the advisories at /-/api/advisories, the trusted root at /-/api/trusted-root. /-/api/openapi.json describes all of them.";
