import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type {
  PagesBehind,
  ChangeLog,
  Changes,
  ChangeLogPosition,
  ChangeLogState,
} from "../repository/ports/change-log.ts";
import type { RefreshQueue } from "../repository/ports/refreshes.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { Job } from "./crons.ts";
import type { Context } from "../repository/context.ts";

/**
 * So many changes before the last one are taken for new when a log is first followed: pages that were just fetched, from a
 * copy of the upstream that lags behind, are then found out.
 */
const OVERLAP = 1_000;

/** An upstream without a log is not asked for it again before that; nor one that is away, whatever it says. Milliseconds. */
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What was queued so long ago and is still behind was lost, and is queued again. Milliseconds. */
const LOST_AFTER = 15 * 60_000;

/** Pages that one tick plans for a source; the next one goes on. */
const MAX_PLANNED = 5_000;

type Log = NonNullable<MirroredSource["changes"]>;

/** What an upstream said when it was asked. */
type Said =
  | { readonly kind: "changes"; readonly from: number; readonly changes: Changes }
  /** The log is to be followed from its end, which is there. */
  | { readonly kind: "end"; readonly serial: number }
  /** `wait` in milliseconds. */
  | { readonly kind: "nothing"; readonly reason: string; readonly wait: number };

/**
 * Follows each upstream's log of changes, and has those pages fetched anew that are kept and behind. A crash between any two
 * steps loses nothing: what is behind is in the database, and the next tick finds it there.
 */
export const followFeeds: Job = async ({ sources }, ctx, { dryRun, byHand }) => {
  const told: string[] = [];
  for (const { name, changes, refreshes } of sources.values()) {
    if (!changes) continue;
    const steps = dryRun
      ? [() => foresee(changes, ctx)]
      : [() => follow(name, changes, byHand, ctx), () => plan(changes.behind, refreshes, ctx)];
    for (const step of steps) told.push(`${name}: ${await attempt(name, step, ctx)}`);
  }
  return told.length > 0 ? told : ["No upstream's log of changes is followed here."];
};

/** One source's trouble with the database keeps no other, and no other step, from its work. */
async function attempt(name: string, step: () => Promise<string>, ctx: Context): Promise<string> {
  try {
    return await step();
  } catch (error) {
    const reason = messageOf(error);
    ctx.report({ event: "job-failed", what: `feed of ${name}`, reason });
    return `this failed: ${reason}`;
  }
}

/** Notes what the upstream's log says. That it cannot be followed is noted as well, and told of once an outage. */
async function follow(name: string, { feed, log }: Log, byHand: boolean, ctx: Context): Promise<string> {
  const state = await log.state();
  if (state && state.retryAt > ctx.now && !byHand) return resting(state);
  const said = await ask(feed, state ?? undefined, ctx.now).catch((error: unknown): Said => {
    if (!isUpstreamFailure(error)) throw error;
    return { kind: "nothing", reason: reasonOf(error), wait: Math.min((error.retryAfter ?? 0) * 1_000, DAY) };
  });
  if (said.kind === "nothing") {
    const { reason } = said;
    // One that never gave its log, and fails again, may refuse whoever asks: it is not asked each minute.
    const isUnknown = state !== null && state.serial === undefined && state.failure !== undefined;
    await log.failed(reason, ctx.now + Math.max(said.wait, isUnknown ? HOUR : 0));
    if (state?.failure === undefined) ctx.report({ event: "feed-failed", what: name, reason });
    return `its log of changes cannot be followed: ${reason}.`;
  }
  const did = await note(said, log, ctx);
  if (state?.failure !== undefined) {
    ctx.report({ event: "feed-recovered", what: name, reason: `it is followed again; before: ${state.failure}` });
  }
  return did;
}

/** At most two requests. `state` is how far the log was followed; `now` in milliseconds since the epoch. */
async function ask(feed: ChangeLog, state: ChangeLogState | undefined, now: number): Promise<Said> {
  const from = state?.serial;
  if (state === undefined || from === undefined) {
    const end = await feed.lastSerial();
    if (end === null)
      return { kind: "nothing", reason: "it has no log of changes; it is asked again in a day", wait: DAY };
    return { kind: "end", serial: end };
  }
  const changes = await feed.since(from);
  if (changes !== null && changes !== "gap" && changes.last !== undefined) return { kind: "changes", from, changes };
  // Silence may also mean that it counts from the beginning again.
  const end = changes === null ? null : await feed.lastSerial();
  if (changes === null || end === null) {
    // It had a log: that is not taken for having none, but where it stays so.
    const wait = now - state.polledAt > HOUR ? DAY : 0;
    return { kind: "nothing", reason: "it no longer gives its log", wait };
  }
  return changes === "gap" || end < from ? { kind: "end", serial: end } : { kind: "changes", from, changes };
}

async function note(said: Exclude<Said, { kind: "nothing" }>, log: ChangeLogPosition, ctx: Context): Promise<string> {
  if (said.kind === "end") {
    await log.begin(Math.max(0, said.serial - OVERLAP), ctx.now);
    return `its log of changes, which ends at ${said.serial}, is followed from a little before that on.`;
  }
  const { from, changes } = said;
  if (!(await log.advance(from, changes, ctx.now))) return "its log has just been followed by another tick.";
  return `projects that changed since serial ${from}: ${changes.projects.size}.`;
}

/** Queues what is behind. Sent before it is noted as queued: twice does no harm, and not at all would. */
async function plan(behind: PagesBehind, refreshes: RefreshQueue, ctx: Context): Promise<string> {
  const names = await behind.due(ctx.now - LOST_AFTER, MAX_PLANNED);
  if (names.length > 0) {
    await refreshes.send(names, "feed");
    await behind.queued(names, ctx.now);
  }
  return `pages that were behind, and queued: ${names.length}.`;
}

async function foresee({ log, behind }: Log, ctx: Context): Promise<string> {
  const state = await log.state();
  if (state && state.retryAt > ctx.now) return resting(state);
  const names = await behind.due(ctx.now - LOST_AFTER, MAX_PLANNED);
  const from = state?.serial === undefined ? "for the end of its log" : `for what has changed since ${state.serial}`;
  return `would ask ${from}; pages that are behind already: ${names.length}.`;
}

const resting = ({ retryAt, failure }: ChangeLogState) =>
  `its log of changes is left alone until ${new Date(retryAt).toISOString()}: ${failure ?? "it asked for that"}.`;
