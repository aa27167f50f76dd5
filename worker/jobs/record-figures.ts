import { readFigures } from "../repository/figures.ts";
import type { Job } from "./job.ts";

/** The job `figures`: keeps what the counters and gauges are now, for the plots of the last 90 days. */
export const recordFigures: Job = async (services, ctx, { dryRun }) => {
  const reading = await readFigures(services, ctx.now);
  if (!dryRun) await services.history.record(reading);
  return [{ kind: "figures-recorded", figures: Object.keys(reading.figures).length }];
};
