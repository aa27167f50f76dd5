import { cronRow } from "../../schema/crons.ts";
import type { JobResult } from "../../schema/job-results.ts";
import { IndexError, messageOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { cleanUploads } from "./clean-uploads.ts";
import { followChangeLogs } from "./follow-change-logs.ts";
import { discardDeadLetters } from "./discard-dead-letters.ts";
import type { Job, JobOptions, JobServices } from "./job.ts";
import { recordFigures } from "./record-figures.ts";
import { forgetUnpopular } from "./forget-unpopular.ts";
import { queueNotices } from "./notify.ts";
import { moveIntoBucket, moveOutOfBucket } from "./move.ts";
import { pruneReleases } from "./prune-releases.ts";
import { refreshPopular } from "./refresh-popular.ts";
import { renewVerdicts } from "./renew-verdicts.ts";
import { scrubObjects } from "./scrub-objects.ts";
import { startMirrors } from "./start-mirrors.ts";
import { purgeEdge } from "./purge-edge.ts";
import { resendDeadLetters } from "./resend-dead-letters.ts";
import { findNotices } from "./watch.ts";
import { sweepFiles } from "./sweep-files.ts";
import { syncAdvisories } from "./sync-advisories.ts";

/** The jobs by the names under which a person starts them. */
export const JOBS: Readonly<Record<string, Job>> = {
  feed: followChangeLogs,
  refresh: refreshPopular,
  verdicts: renewVerdicts,
  forget: forgetUnpopular,
  sweep: sweepFiles,
  scrub: scrubObjects,
  prune: pruneReleases,
  clean: cleanUploads,
  figures: recordFigures,
  advisories: syncAdvisories,
  purge: purgeEdge,
  mirror: startMirrors,
  watch: findNotices,
  notify: queueNotices,
  replay: resendDeadLetters,
  discard: discardDeadLetters,
  "move-out": moveOutOfBucket,
  "move-in": moveIntoBucket,
};

/** The edge cache can be reached from a cron alone: started by a person, it does nothing, and says so. */
const BY_CRON_ONLY = "purge";

/** Those that the audit log has when a person starts them. A deployment that is moved into may have no audit log of its own. */
export const AUDITED_JOBS: ReadonlySet<string> = new Set(
  Object.keys(JOBS).filter((name) => name !== "move-out" && name !== "move-in"),
);

/** The jobs that each cron expression of wrangler.toml starts, in order. */
export const SCHEDULE: Readonly<Record<string, readonly string[]>> = {
  "* * * * *": ["feed", "purge", "mirror", "notify"],
  "*/5 * * * *": ["refresh", "verdicts", "scrub"],
  "0 * * * *": ["forget", "sweep", "prune", "clean", "advisories", "watch", "figures"],
};

/** Runs one job. Throws `no-such-route` where no job has that name. */
export async function runJob(
  name: string,
  services: JobServices,
  ctx: Context,
  options: JobOptions,
): Promise<JobResult[]> {
  const job = Object.hasOwn(JOBS, name) && JOBS[name];
  if (job) return job(services, ctx, options);
  const known = Object.keys(JOBS)
    .filter((each) => each !== BY_CRON_ONLY)
    .join(", ");
  throw new IndexError("no-such-route", `There is no job ${JSON.stringify(name.slice(0, 40))}; there are ${known}.`);
}

/**
 * Runs the jobs of a cron expression one after the other: one that fails is reported, and the next one runs. Then notes when the
 * cron ran.
 *
 * @throws Error where `SCHEDULE` does not have the expression
 */
export async function onSchedule(cron: string, services: JobServices, ctx: Context): Promise<void> {
  const names = SCHEDULE[cron];
  if (!names) throw new Error(`No job here is started by the cron ${cron}: take it out of wrangler.toml.`);
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      ctx.report({ event: "job-failed", what, reason: messageOf(error) });
    }
  };
  for (const name of names) await attempt(name, () => runJob(name, services, ctx, { dryRun: false, byHand: false }));
  await attempt(`noting the cron ${cron}`, () => services.runs.note(cronRow(cron), ctx.now));
}
