import type { JobResult } from "../../schema/job-results.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../duration.ts";
import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type {
  PagesBehind,
  ChangeLog,
  Changes,
  ChangeLogPosition,
  ChangeLogState,
} from "../repository/ports/change-log.ts";
import type { RefreshQueue } from "../repository/ports/refreshes.ts";
import type { Context } from "../repository/context.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { Job } from "./job.ts";

/**
 * A change log is first read from so many changes before its end: a page that was just fetched may come from a copy of the
 * upstream that lags behind.
 */
const OVERLAP = 1_000;

/** An upstream without a change log is asked again after this; also the longest wait that a `Retry-After` gets. Milliseconds. */
const LONGEST_WAIT = DAY;

/** A page that was queued so long ago and is still outdated is queued again: its message was lost. Milliseconds. */
const LOST_AFTER = 15 * MINUTE;

/** Pages that one run queues for a source at most; the next run goes on. */
const MAX_PLANNED = 5_000;

type Log = NonNullable<MirroredSource["changes"]>;

/** An upstream's answer. */
type Said =
  | { readonly kind: "changes"; readonly from: number; readonly changes: Changes }
  /** The change log is to be followed from its end, which is at `serial`. */
  | { readonly kind: "end"; readonly serial: number }
  /** `wait` in milliseconds. */
  | { readonly kind: "nothing"; readonly reason: string; readonly wait: number };

/**
 * The job `feed`: reads each upstream's change log, and queues each stored page of which the upstream has a newer
 * version. A crash between two steps loses nothing: the database lists the outdated pages, and the next tick finds them there.
 */
export const followChangeLogs: Job = async ({ sources }, ctx, { dryRun, byHand }) => {
  const results: JobResult[] = [];
  for (const { name, changes, refreshes } of sources.values()) {
    if (!changes) continue;
    const attempt = attempting(name, ctx);
    if (dryRun) results.push(await attempt("plan", () => foresee(name, changes, ctx)));
    else {
      results.push(await attempt("read", () => follow(name, changes, byHand, ctx)));
      results.push(await attempt("queue", () => plan(name, changes.behind, refreshes, ctx)));
    }
  }
  return results.length > 0 ? results : [{ kind: "no-change-log" }];
};

type FailedStep = Extract<JobResult, { readonly kind: "change-log-failed" }>["step"];

/** Makes a failure of a step its result: the other steps, and the other sources, still get their turn. */
const attempting =
  (source: string, ctx: Context) =>
  async (step: FailedStep, work: () => Promise<JobResult>): Promise<JobResult> => {
    try {
      return await work();
    } catch (error) {
      const reason = messageOf(error);
      ctx.report({ event: "job-failed", what: `feed of ${source}`, reason });
      return { kind: "change-log-failed", source, step, reason };
    }
  };

/** Notes what the upstream's change log says, or that it cannot be followed, which is reported once an outage. */
async function follow(source: string, { feed, log }: Log, byHand: boolean, ctx: Context): Promise<JobResult> {
  const state = await log.state();
  if (state && waits(state, ctx.now) && !byHand) return notDue(source, state);
  const said = await ask(feed, state ?? undefined, ctx.now).catch((error: unknown): Said => {
    if (!isUpstreamFailure(error)) throw error;
    return {
      kind: "nothing",
      reason: reasonOf(error),
      wait: Math.min((error.retryAfterSeconds ?? 0) * SECOND, LONGEST_WAIT),
    };
  });
  if (said.kind === "nothing") {
    const { reason } = said;
    // An upstream that never gave its change log, and fails again, may refuse every client: it is asked once an hour.
    const isUnknown = state !== null && state.serial === undefined && state.failure !== undefined;
    await log.failed(reason, ctx.now + Math.max(said.wait, isUnknown ? HOUR : 0));
    if (state?.failure === undefined) ctx.report({ event: "feed-failed", what: source, reason });
    return { kind: "change-log-unavailable", source, reason };
  }
  const result = await note(source, said, log, ctx);
  if (state?.failure !== undefined) {
    ctx.report({ event: "feed-recovered", what: source, reason: `it is followed again; before: ${state.failure}` });
  }
  return result;
}

/** At most two requests. `state` is how far the log was followed; `now` in milliseconds since the epoch. */
async function ask(feed: ChangeLog, state: ChangeLogState | undefined, now: number): Promise<Said> {
  const from = state?.serial;
  if (state === undefined || from === undefined) {
    const end = await feed.lastSerial();
    if (end === null)
      return { kind: "nothing", reason: "it has no change log; it is asked again in a day", wait: LONGEST_WAIT };
    return { kind: "end", serial: end };
  }
  const changes = await feed.since(from);
  if (changes !== null && changes !== "gap" && changes.last !== undefined) return { kind: "changes", from, changes };
  // No changes may also mean that the upstream's serials have begun anew.
  const end = changes === null ? null : await feed.lastSerial();
  if (changes === null || end === null) {
    // It had a change log: that there is none is believed after an hour only.
    const wait = now - state.polledAt > HOUR ? LONGEST_WAIT : 0;
    return { kind: "nothing", reason: "it no longer gives its change log", wait };
  }
  return changes === "gap" || end < from ? { kind: "end", serial: end } : { kind: "changes", from, changes };
}

async function note(
  source: string,
  said: Exclude<Said, { kind: "nothing" }>,
  log: ChangeLogPosition,
  ctx: Context,
): Promise<JobResult> {
  if (said.kind === "end") {
    await log.begin(Math.max(0, said.serial - OVERLAP), ctx.now);
    return { kind: "change-log-begun", source, last: said.serial };
  }
  const { from, changes } = said;
  if (!(await log.advance(from, changes, ctx.now))) return { kind: "change-log-overtaken", source };
  return { kind: "change-log-read", source, since: from, projects: changes.projects.size };
}

/** Queues the outdated pages. They are sent before they are noted as queued: a page sent twice does no harm, one not sent would. */
async function plan(source: string, behind: PagesBehind, refreshes: RefreshQueue, ctx: Context): Promise<JobResult> {
  const names = await behind.due(ctx.now - LOST_AFTER, MAX_PLANNED);
  if (names.length > 0) {
    await refreshes.send(names, "feed");
    await behind.queued(names, ctx.now);
  }
  return { kind: "pages-queued", source, pages: names.length };
}

async function foresee(source: string, { log, behind }: Log, ctx: Context): Promise<JobResult> {
  const state = await log.state();
  if (state && waits(state, ctx.now)) return notDue(source, state);
  const names = await behind.due(ctx.now - LOST_AFTER, MAX_PLANNED);
  return { kind: "change-log-planned", source, since: state?.serial ?? null, pages: names.length };
}

/** Whether the upstream is not to be asked yet. No wait is longer: the clock was set back since. */
const waits = ({ retryAt }: ChangeLogState, now: number) => retryAt > now && retryAt <= now + LONGEST_WAIT;

const notDue = (source: string, { retryAt, failure }: ChangeLogState): JobResult => ({
  kind: "change-log-not-due",
  source,
  retryAt,
  reason: failure ?? "it asked for that",
});
