import { MINUTE, WEEK } from "../duration.ts";
import type { RootEntry } from "../pypi/simple-json.ts";
import type { Context } from "../repository/context.ts";
import { ProjectList, type ListHead } from "../repository/project-list.ts";
import type { RootBatches } from "../repository/list-shapes.ts";
import type { Repository } from "../repository/repository.ts";
import { seenAt } from "../repository/serial-marks.ts";
import { sha256 } from "../repository/sha256.ts";

/**
 * A project of which is not known when it changed counts as changed that often: one that is hosted, or whose source gives no serials.
 * Milliseconds.
 */
const OFTEN = 10 * MINUTE;

/** For so long a page may be served that was found current before a change: `PAGE_TTL`, or as long as a change log is believed. */
export const settled = (pageTtl: number) => Math.max(pageTtl, 5 * MINUTE) + MINUTE;

/** When a project counts as changed once more after its source has changed it. Milliseconds. */
export interface DatingRules {
  readonly after: readonly number[];
  /** Whether each project counts as changed once a week, since policies, lists and advisories change, too. */
  readonly weekly: boolean;
}

const beginning = (period: number, now: number) => Math.floor(now / period) * period;

/**
 * A source's root listing with times in the place of its serials (milliseconds since the epoch): those of two sources, of hosted packages
 * and of a policy cannot be compared otherwise. A project has the last time at which it changed, or may have changed, in what the index
 * shows. What gives no time here is left without.
 */
export async function datedListing(
  source: Pick<Repository, "projects">,
  { after, weekly }: DatingRules,
  ctx: Context,
): Promise<ProjectList> {
  const list = await source.projects(ctx);
  const { marks = [] } = list.head;
  const { now } = ctx;
  const week = weekly ? beginning(WEEK, now) : 0;
  const lastTime = (at: number) =>
    Math.max(week, ...[0, ...after].map((later) => at + later).filter((time) => time <= now));
  const times = new Map(marks.map(({ at }) => [at, lastTime(at)]));
  const dated = ({ name, "_last-serial": serial }: RootEntry): RootEntry => {
    const at = serial === undefined ? undefined : seenAt(marks, serial);
    return at === undefined ? { name } : { name, "_last-serial": times.get(at) };
  };
  const last = Math.max(0, ...times.values());
  // When one of the times is reached, other projects have it.
  const passed = marks.flatMap(({ at }) => after.filter((later) => at + later <= now)).length;
  return changed(list, { serial: last, digest: `${week} ${passed}` }, dated, ctx);
}

/** The root listing of an index with times for serials: a project without one has the latest that all of them have every ten minutes. */
export function wholeDated(list: ProjectList, ctx: Context): Promise<ProjectList> {
  const tick = beginning(OFTEN, ctx.now);
  const dated = (entry: RootEntry) =>
    entry["_last-serial"] === undefined ? { name: entry.name, "_last-serial": tick } : entry;
  return changed(list, { serial: Math.max(tick, list.head.serial ?? 0), digest: `${tick}` }, dated, ctx);
}

/** The listing with other entries, and a digest of its own. */
async function changed(
  list: ProjectList,
  { serial, digest }: { readonly serial: number; readonly digest: string },
  change: (entry: RootEntry) => RootEntry,
  ctx: Context,
): Promise<ProjectList> {
  const head: ListHead = {
    digest: list.head.digest === "" ? "" : sha256(`${list.head.digest} dated ${digest}`).slice(0, 32),
    changedAt: list.head.changedAt,
    serial,
    validators: {},
  };
  const made = ProjectList.of(head, batches(list, change), () => list.cancel(), list.via, ctx);
  return list.uncheckedSince === undefined ? made : made.stale(list.uncheckedSince);
}

async function* batches(list: ProjectList, change: (entry: RootEntry) => RootEntry): RootBatches {
  for await (const entries of list.entries()) yield entries.map(change);
}
