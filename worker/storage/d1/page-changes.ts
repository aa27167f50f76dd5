import { HOUR, MINUTE, SECOND } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { Database } from "../../platform/database.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../../repository/context.ts";
import type { StoreCopies } from "../cache/store-copies.ts";

/** How long a copy of a page may be compared with the changes, instead of being read again. Milliseconds. */
export const COMPARED = 6 * HOUR;

/** The latest changes that are read. Where there were more within `COMPARED`, only younger copies are compared. */
const MOST = 1_000;

/** For how long what was read is used, and when it is read again behind an answer. Milliseconds. */
const USED = 30 * SECOND;
const RENEWED = 25 * SECOND;

/** When it is read again after an attempt that has not succeeded. Milliseconds. */
const AGAIN = 5 * SECOND;

/**
 * How much before a copy was taken a change may have been noted that the copy does not have: KV may show the value of before
 * for a minute, and two clocks may differ. Milliseconds.
 */
const UNSEEN = 3 * MINUTE;

/** The key of its copy in the data centre's cache. */
const KEY = "page-changes";

const READ = `
  SELECT json_group_array(json_array(source, project, changed_at, noted_at)) AS changes FROM (
    SELECT source, project, NULL AS changed_at, deleted_at AS noted_at FROM deleted_page WHERE deleted_at > ?1
    UNION ALL SELECT source, project, changed_at, changed_at FROM page WHERE changed_at > ?1
    ORDER BY noted_at DESC LIMIT ${MOST}
  )`;

type Change = readonly [source: string, project: string, changedAt: number | null, notedAt: number];

/** A copy of a project's page. Milliseconds since the epoch. */
export interface PageCopy {
  readonly project: ProjectName;
  /** Of its head. */
  readonly changedAt: number;
  /** When the store was read for it. */
  readonly takenAt: number;
}

/** Which pages of a source have changed lately. */
export interface PageChanges {
  /**
   * Whether a copy still is the page that is stored, as it was known at most 30 s ago; false where that is not known. Never
   * waits for D1: that is read behind an answer, once for the data centre.
   */
  isStored(copy: PageCopy, ctx: Context): Promise<boolean>;
}

interface Known {
  /** When the query began. */
  readonly takenAt: number;
  /** All changes since then are known. */
  readonly since: number;
  readonly changes: ReadonlyMap<string, number | null>;
}

const subject = (source: string, project: string) => `${source} ${project}`;

/** The changes of all sources that D1 has, shared through the data centre's cache. */
export function pageChangesIn(db: Database, copies: StoreCopies): { of(source: string): PageChanges } {
  let known: Known | undefined;
  let readAgainAt = 0;

  async function read(ctx: Context): Promise<void> {
    try {
      const row = await db
        .prepare(READ)
        .bind(ctx.now - COMPARED)
        .first<{ changes: string }>();
      const changes = row?.changes ?? "[]";
      known = knownFrom(JSON.parse(changes) as Change[], ctx.now);
      const body = new TextEncoder().encode(changes);
      await copies.put(KEY, { takenAt: ctx.now, facts: {}, body }, USED, body.byteLength);
    } catch (error) {
      ctx.report({ event: "storage-failed", what: "the list of changed pages", reason: messageOf(error) });
    }
  }

  /** What another isolate of the data centre has read; undefined where nothing whole is there. */
  async function shared(): Promise<Known | undefined> {
    const copy = await copies.get(KEY, RENEWED);
    if (!copy) return undefined;
    const text = await new Response(copy.body as BodyInit).text().catch(() => "");
    const listed = parsedJson(text) as Change[] | undefined;
    return listed && knownFrom(listed, copy.takenAt);
  }

  /** What is known, where it is young enough; not after the clock was set back. */
  async function latest(ctx: Context): Promise<Known | undefined> {
    const isYoung = (time: number) => known !== undefined && Math.abs(ctx.now - known.takenAt) < time;
    if (!isYoung(RENEWED) && ctx.now >= readAgainAt) {
      readAgainAt = ctx.now + AGAIN;
      const found = await shared();
      if (found) known = found;
      else ctx.defer(read(ctx));
    }
    return isYoung(USED) ? known : undefined;
  }

  return {
    of: (source) => ({
      async isStored({ project, changedAt, takenAt }, ctx) {
        const all = await latest(ctx);
        if (!all || takenAt - UNSEEN < all.since) return false;
        const changed = all.changes.get(subject(source, project));
        return changed === undefined || changed === changedAt;
      },
    }),
  };
}

/** @param listed the latest change first */
function knownFrom(listed: readonly Change[], takenAt: number): Known {
  const isCut = listed.length === MOST;
  const changes = new Map<string, number | null>();
  // A page that was stored after it had been deleted is listed twice, its new row first.
  for (const [source, project, changedAt] of listed.toReversed()) changes.set(subject(source, project), changedAt);
  return { takenAt, since: isCut ? (listed.at(-1)?.[3] ?? takenAt) : takenAt - COMPARED, changes };
}
