import { cronRow } from "../../schema/crons.ts";
import type { Runs } from "../repository/ports/maintenance.ts";
import type { SCHEDULE } from "./crons.ts";

const MINUTE = 60_000;

/** How often each is started. Milliseconds. */
export const EVERY: Readonly<Record<keyof typeof SCHEDULE, number>> = {
  "* * * * *": MINUTE,
  "*/5 * * * *": 5 * MINUTE,
  "0 * * * *": 60 * MINUTE,
};

/** For so long one run may take, in which the next is not started. Milliseconds. */
const LONGEST_RUN = 15 * MINUTE;

/** A cron that did not run when it should have. */
export interface Overdue {
  readonly cron: string;
  /** When it last did, or since when it is expected. Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The crons that missed two turns and the time of a long run. One that has no row is not expected: nobody starts it here.
 *
 * @param now milliseconds since the epoch
 */
export async function overdueCrons(runs: Pick<Runs, "all">, now: number): Promise<Overdue[]> {
  const started = await runs.all();
  return Object.entries(EVERY).flatMap(([cron, every]) => {
    const since = started.get(cronRow(cron));
    return since !== undefined && now - since > 2 * every + LONGEST_RUN ? [{ cron, since }] : [];
  });
}
