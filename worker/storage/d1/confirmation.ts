import { SECOND } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isFollowed, MAX_BEHIND, type ChangeLogConfirmation } from "../../repository/ports/change-log.ts";
import type { Context } from "../../repository/context.ts";
import type { Database } from "../../platform/database.ts";

/** How long the state read from D1 is used. Milliseconds. */
const STATE_TTL = 30 * SECOND;

/**
 * How much longer it is used while one request reads it again: the others neither wait nor read it too. Milliseconds.
 */
const RENEWING_EXTRA = 2_000;

/** How long no page is confirmed after D1 could not be read. Milliseconds. */
const FAILED_TTL = 5 * SECOND;

const READ = `
  SELECT serial, since, polled_at, (
    SELECT json_group_array(project) FROM (
      SELECT project FROM page WHERE source = ?1 AND announced_serial IS NOT NULL LIMIT ${MAX_BEHIND + 1}
    )
  ) AS behind FROM feed WHERE source = ?1 AND pages = ?2`;

interface Row {
  readonly serial: number | null;
  readonly since: number;
  readonly polled_at: number;
  readonly behind: string;
}

interface Known {
  /** Until when it is used. Milliseconds since the epoch. */
  readonly until: number;
  readonly state: { readonly serial: number | undefined; readonly since: number; readonly polledAt: number } | null;
  readonly behind: ReadonlySet<string>;
}

/**
 * The state of a source's change log and the pages behind it, read from D1 once for all pages of this isolate.
 *
 * @param pages the prefix of its pages' keys, as for the log
 */
export function confirmationIn(db: Database, source: string, pages: string): ChangeLogConfirmation {
  let known: Known | undefined;
  let renewing = false;

  async function read(now: number): Promise<Known> {
    const row = await db.prepare(READ).bind(source, pages).first<Row>();
    const state = row && { serial: row.serial ?? undefined, since: row.since, polledAt: row.polled_at };
    return { until: now + STATE_TTL, state, behind: new Set(JSON.parse(row?.behind ?? "[]") as string[]) };
  }

  async function latest(ctx: Context): Promise<Known> {
    if (known && ctx.now < known.until + (renewing ? RENEWING_EXTRA : 0)) return known;
    renewing = true;
    try {
      known = await read(ctx.now);
    } catch (error) {
      ctx.report({ event: "storage-failed", what: "the state of the change log", reason: messageOf(error) });
      known = { until: ctx.now + FAILED_TTL, state: null, behind: new Set() };
    } finally {
      renewing = false;
    }
    return known;
  }

  const followedSince = ({ state, behind }: Known, now: number) =>
    state && isFollowed(state, behind.size, now) ? state.since : Infinity;

  return {
    async goodSince(name: ProjectName, ctx: Context) {
      const all = await latest(ctx);
      return all.behind.has(name) ? Infinity : followedSince(all, ctx.now);
    },

    followedSince: async (ctx: Context) => followedSince(await latest(ctx), ctx.now),
  };
}
