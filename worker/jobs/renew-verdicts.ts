import type { JobResult } from "../../schema/job-results.ts";
import type { Job } from "./job.ts";

/** How many projects of a source are queued by one run: some hundred files a minute. */
const MAX_PROJECTS = 100;

/**
 * The job `verdicts`: queues projects whose verdicts stand on another trusted root or version. Until a verdict is made anew the
 * one before counts, so that no page loses its files for that long.
 */
export const renewVerdicts: Job = async ({ sources }, ctx, { dryRun }) => {
  const results: JobResult[] = [];
  for (const { name: source, verified, refreshes } of sources.values()) {
    if (!verified) continue;
    const { verdicts, verifier } = verified;
    await verifier.refresh();
    const trouble = verifier.unusable(ctx.now);
    if (trouble !== undefined) {
      results.push({ kind: "provenance-unverifiable", source, reason: trouble });
      continue;
    }
    const names = await verdicts.outdated(verifier.basis(), MAX_PROJECTS);
    if (names.length > 0 && !dryRun) await refreshes.send(names, "verify");
    results.push({ kind: "provenance-queued", source, projects: names.length });
  }
  return results;
};
