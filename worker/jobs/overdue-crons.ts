import { cronRow } from "../../schema/crons.ts";
import { HOUR, MINUTE } from "../duration.ts";
import type { Runs } from "../repository/ports/maintenance.ts";
import type { SCHEDULE } from "./schedule.ts";

/** The interval of each cron. Milliseconds. */
export const CRON_INTERVALS: Readonly<Record<keyof typeof SCHEDULE, number>> = {
  "* * * * *": MINUTE,
  "*/5 * * * *": 5 * MINUTE,
  "0 * * * *": HOUR,
};

/** The longest that a run may take; the next is not started meanwhile. Milliseconds. */
const LONGEST_RUN = 15 * MINUTE;

/** A cron that did not run when it should have. */
export interface OverdueCron {
  readonly cron: string;
  /** When it last did, or since when it is expected. Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The crons that did not run for two intervals and the time of a long run. A cron without a row is not overdue: it never ran here.
 *
 * @param now milliseconds since the epoch
 */
export async function overdueCrons(runs: Pick<Runs, "all">, now: number): Promise<OverdueCron[]> {
  const started = await runs.all();
  return Object.entries(CRON_INTERVALS).flatMap(([cron, every]) => {
    const since = started.get(cronRow(cron));
    return since !== undefined && now - since > 2 * every + LONGEST_RUN ? [{ cron, since }] : [];
  });
}
