import type { JobResult } from "../../schema/job-results.ts";
import type { Job } from "./job.ts";

/** The job `forget`: deletes the counts of projects and kinds of files that no client has asked for in six weeks. */
export const forgetUnpopular: Job = async ({ sources }, ctx, { dryRun }) => {
  const results: JobResult[] = [];
  for (const { name: source, popularity } of sources.values()) {
    if (!popularity) results.push({ kind: "not-counted", source });
    else if (dryRun) results.push({ kind: "unpopular-forgotten", source, projects: null, kinds: null });
    else results.push({ kind: "unpopular-forgotten", source, ...(await popularity.forget(ctx.now)) });
  }
  return results;
};
