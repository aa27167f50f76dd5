import { badRequest } from "../errors.ts";
import type { Job } from "./job.ts";

/** The cron that starts it runs so often in an hour. */
const RUNS_AN_HOUR = 12;

/** Objects of a run that a person starts where the clock starts none. */
const BY_HAND = 300;

/** The job `scrub`: reads the next stored files and compares them with their digests. What is damaged and mirrored is deleted. */
export const scrubObjects: Job = async ({ scrubbing, scrub }, ctx, { dryRun, byHand }) => {
  if (dryRun) throw badRequest("A scrub has no dry run.");
  if (scrub === 0 && !byHand) return [{ kind: "scrub-off" }];
  const count = scrub === 0 ? BY_HAND : Math.ceil(scrub / RUNS_AN_HOUR);
  const done = await scrubbing.next(count, ctx.now, ({ key, fault, isDeleted }) =>
    ctx.report({
      event: "object-damaged",
      what: key,
      reason: `it ${fault}${isDeleted ? "; it was deleted, and is fetched again" : ""}`,
    }),
  );
  return [{ kind: "scrubbed", ...done }];
};
