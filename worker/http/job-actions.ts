import type { JobResult } from "../../schema/job-results.ts";
import type { Author } from "../auth/audit-entry.ts";
import type { AuditLog } from "../publishing/releases/audit-log.ts";
import type { Context } from "../repository/context.ts";
import { sentencesOf } from "./api/job-sentences.ts";

/** What a job that a person started did. */
interface JobRun {
  readonly job: string;
  /** A sentence for each result. */
  readonly did: readonly string[];
  readonly results: readonly JobResult[];
}

/** Starts jobs by hand, for the API and the page alike. */
export interface JobActions {
  /**
   * Runs a job. That it was started is in the audit log before it runs, but for dry runs.
   *
   * @throws IndexError `no-such-route` where no job has that name, `storage-failed`
   */
  run(job: string, options: { readonly dryRun: boolean }, author: Author, ctx: Context): Promise<JobRun>;
}

interface JobActionParts {
  /** Runs a job by name. Throws `no-such-route` where there is no such job. */
  readonly runJob: (
    name: string,
    ctx: Context,
    options: { readonly dryRun: boolean; readonly byHand: boolean },
  ) => Promise<readonly JobResult[]>;
  /** Those that are there and audited: a deployment that is moved into has no audit log of its own. */
  readonly audited: ReadonlySet<string>;
  readonly auditLog: Pick<AuditLog, "add">;
}

export const createJobActions = ({ runJob, audited, auditLog }: JobActionParts): JobActions => ({
  async run(job, { dryRun }, author, ctx) {
    if (!dryRun && audited.has(job)) {
      await auditLog.add({ ...author, action: "job.run", index: "*", project: "", subject: job }, ctx.now);
    }
    const results = await runJob(job, ctx, { dryRun, byHand: true });
    return { job, did: sentencesOf(results, dryRun), results };
  },
});
