import { messageOf } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isFollowed, MAX_BEHIND, type Vouching } from "../../repository/ports/change-log.ts";
import type { Context } from "../../repository/context.ts";

/** How long what was read of D1 is believed. Milliseconds. */
const BELIEVED = 30_000;

/** How much longer while one request reads it anew: the others do not wait, nor read it as well. Milliseconds. */
const RENEWING = 2_000;

/** How long nothing is vouched for after D1 could not be read. Milliseconds. */
const FAILING = 5_000;

const READ = `
  SELECT serial, since, polled_at, (
    SELECT json_group_array(project) FROM (
      SELECT project FROM page WHERE source = ?1 AND wanted IS NOT NULL LIMIT ${MAX_BEHIND + 1}
    )
  ) AS behind FROM feed WHERE source = ?1 AND pages = ?2`;

interface Row {
  readonly serial: number | null;
  readonly since: number;
  readonly polled_at: number;
  readonly behind: string;
}

interface Known {
  /** Until when it is believed. */
  readonly until: number;
  readonly state: { readonly serial: number | undefined; readonly since: number; readonly polledAt: number } | null;
  readonly behind: ReadonlySet<string>;
}

/**
 * What D1 says of a source's log and the pages behind it, once for all pages of this isolate.
 *
 * @param pages what the keys of its pages begin with, as the log's
 */
export function vouchingIn(db: D1Database, source: string, pages: string): Vouching {
  let known: Known | undefined;
  let renewing = false;

  async function read(now: number): Promise<Known> {
    const row = await db.prepare(READ).bind(source, pages).first<Row>();
    const state = row && { serial: row.serial ?? undefined, since: row.since, polledAt: row.polled_at };
    return { until: now + BELIEVED, state, behind: new Set(JSON.parse(row?.behind ?? "[]") as string[]) };
  }

  async function latest(ctx: Context): Promise<Known> {
    if (known && ctx.now < known.until + (renewing ? RENEWING : 0)) return known;
    renewing = true;
    try {
      known = await read(ctx.now);
    } catch (error) {
      ctx.report({ event: "storage-failed", what: "what is known of the log of changes", reason: messageOf(error) });
      known = { until: ctx.now + FAILING, state: null, behind: new Set() };
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
