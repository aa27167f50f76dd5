import { cronRow } from "../../schema/crons.ts";
import { IndexError, messageOf } from "../errors.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { DeadLetters, Edge, Leftovers, Recent, Runs } from "../repository/ports/maintenance.ts";
import type { StoredObjects } from "../repository/ports/stored-objects.ts";
import { clean } from "./clean.ts";
import { followFeeds } from "./feed.ts";
import { forgetUnpopular, refreshPopular } from "./popular.ts";
import { purgeEdge } from "./purge.ts";
import { replay } from "./replay.ts";
import { sweep } from "./sweep.ts";
import type { Context } from "../repository/context.ts";

/** What a job is given of the house. */
export interface JobGround {
  readonly sources: ReadonlyMap<string, MirroredSource>;
  readonly objects: StoredObjects;
  /** Bytes of stored files above which the longest unused are deleted; 0: none are. */
  readonly quota: number;
  readonly leftovers: Leftovers;
  readonly letters: DeadLetters;
  readonly recent: Recent;
  readonly runs: Runs;
  /** undefined where none can be reached. */
  readonly edge?: Edge | undefined;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
}

/** What jobs can be told by whoever starts one by hand. */
export interface JobOptions {
  /** Says what it would do, and does nothing. */
  readonly dryRun: boolean;
  /** A person has started it, and wants it done now. */
  readonly byHand: boolean;
}

/** Does its work, or plans it, and says in sentences what it did. */
export type Job = (ground: JobGround, ctx: Context, options: JobOptions) => Promise<string[]>;

/** By the names under which a person starts them. */
const JOBS: Readonly<Record<string, Job>> = {
  feed: followFeeds,
  refresh: refreshPopular,
  forget: forgetUnpopular,
  sweep,
  clean,
  purge: purgeEdge,
  replay,
};

/** What the clock starts, by the expressions in wrangler.toml. */
export const SCHEDULE: Readonly<Record<string, readonly string[]>> = {
  "* * * * *": ["feed", "purge"],
  "*/5 * * * *": ["refresh"],
  "0 * * * *": ["forget", "sweep", "clean"],
};

/** Runs one job. Throws `no-such-route` where there is none of that name. */
export async function runJob(name: string, ground: JobGround, ctx: Context, options: JobOptions): Promise<string[]> {
  const job = Object.hasOwn(JOBS, name) && JOBS[name];
  if (job) return job(ground, ctx, options);
  const known = Object.keys(JOBS).join(", ");
  throw new IndexError("no-such-route", `There is no job ${JSON.stringify(name.slice(0, 40))}; there are ${known}.`);
}

/**
 * Runs what the clock starts at this expression, one after the other: one that fails is reported, and the next one goes on. Then
 * notes when this expression's time had come.
 * Throws where no code here knows the expression.
 */
export async function onSchedule(cron: string, ground: JobGround, ctx: Context): Promise<void> {
  const names = SCHEDULE[cron];
  if (!names) throw new Error(`Nothing here is started by the cron ${cron}; wrangler.toml has one too many.`);
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      ctx.report({ event: "job-failed", what, reason: messageOf(error) });
    }
  };
  for (const name of names) await attempt(name, () => runJob(name, ground, ctx, { dryRun: false, byHand: false }));
  await attempt(`noting the cron ${cron}`, () => ground.runs.note(cronRow(cron), ctx.now));
}
