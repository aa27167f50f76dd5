import { HOUR, MINUTE } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { StoredHead } from "../../repository/stored-json.ts";
import type { Database } from "../../platform/database.ts";
import { deletePage } from "./delete-page.ts";

/** One source's stored pages, as recorded in D1. KV cannot be counted or queried. */
export interface Catalog extends Counting {
  /**
   * Records that the page with this head is about to be written to KV; `now` in milliseconds since the epoch. `older`:
   * a newer page is recorded, so this one must not be written. `unsettled`: call `settle` after the write; until then
   * the page counts as behind.
   *
   * @param tell receives, from the same call, the keys of the project's known stored files
   */
  claim(
    name: ProjectName,
    head: StoredHead,
    now: number,
    tell?: (stored: readonly string[]) => void,
  ): Promise<ClaimResult>;
  /** Records that the page with this head has been written to KV. */
  settle(name: ProjectName, head: StoredHead): Promise<void>;
  /** Removes the record of the page with this head; the record of a page that was claimed since stays. `now` in milliseconds since the epoch. */
  pageDeleted(name: ProjectName, head: StoredHead, now: number): Promise<void>;
  /** Whether the project's page is stored. */
  has(name: ProjectName): Promise<boolean>;
}

export type ClaimResult = "older" | "unsettled" | "settled";

/** Counts stored project pages. */
export interface Counting {
  count(): Promise<number>;
}

/** How long a count is reused: D1 reads every row for it, and any client may cause it. Milliseconds. */
const COUNT_TTL = MINUTE;

/**
 * How long a row rejects pages with lower serials: after that the upstream may have begun to count anew. Milliseconds.
 */
const SERIAL_GUARD_TTL = HOUR;

/** How far another isolate's clock may be ahead. A row of a later time is older: a clock was set back since. Milliseconds. */
const AHEAD = 2 * MINUTE;

/** How many stored files of one project are looked at when its page is written, the last used first. */
const MAX_STORED = 2_000;

/**
 * Of two pages the one with the higher serial is newer; where serials do not decide, the one made later. A page made
 * before the log was followed gets no serial: its serial may come from another count. Where a log is followed, the page
 * is behind (`announced_serial`) until it is settled, and stays so where a newer serial was just announced. `WHERE true` ends the
 * SELECT before ON.
 */
const CLAIM = `
  INSERT INTO page (source, project, serial, changed_at, announced_serial)
    SELECT ?1, ?2, iif(?4 < feed.since, NULL, ?3), ?4, iif(
      feed.source IS NULL, NULL, max(coalesce(?3, 0), coalesce(feed.recent ->> ('$."' || ?2 || '"[0]'), 0))
    )
    FROM (SELECT 1) LEFT JOIN feed ON feed.source = ?1 AND feed.serial IS NOT NULL WHERE true
  ON CONFLICT (source, project) DO UPDATE SET
    serial = excluded.serial,
    changed_at = excluded.changed_at,
    announced_serial = coalesce(max(page.announced_serial, excluded.announced_serial), excluded.announced_serial, page.announced_serial)
  WHERE CASE WHEN page.serial <> excluded.serial
    THEN page.serial < excluded.serial OR page.changed_at <= ?5
    ELSE page.changed_at <= excluded.changed_at OR page.changed_at > ?7
  END
  RETURNING announced_serial, iif(?6, (
    SELECT json_group_array(key) FROM (
      SELECT key FROM object WHERE source = ?1 AND project = ?2 ORDER BY used_at DESC LIMIT ${MAX_STORED}
    )
  ), '[]') AS stored`;

/**
 * Clears `announced_serial` unless a newer serial was announced. Where another isolate has claimed the page meanwhile, our write
 * may have replaced its page in KV: the page is then behind.
 */
const SETTLE = `
  UPDATE page SET (announced_serial, queued_at) = (
    SELECT iif(mine AND coalesce(page.announced_serial, 0) <= coalesce(?3, 0), NULL, max(coalesce(page.announced_serial, 0), coalesce(page.serial, 0))),
      iif(mine AND page.announced_serial > coalesce(?3, 0), page.queued_at, NULL)
    FROM (SELECT iif(page.serial IS NULL, page.changed_at = ?4, page.serial = ?3) AS mine)
  ) WHERE source = ?1 AND project = ?2`;

/** Counts several sources together: a project that two of them have counts twice. */
export function countTogether(catalogs: readonly Counting[], now: () => number): Counting {
  let counted: { readonly sum: number; readonly until: number } | undefined;
  return {
    async count() {
      if (counted && now() < counted.until) return counted.sum;
      const counts = await Promise.all(catalogs.map((catalog) => catalog.count()));
      const sum = counts.reduce((total, count) => total + count, 0);
      counted = { sum, until: now() + COUNT_TTL };
      return sum;
    },
  };
}

/** The catalog in D1; its table is made by schema/migrations. */
export function catalogOf(db: Database, source: string): Catalog {
  return {
    async claim(name, head, now, tell) {
      const row = await db
        .prepare(CLAIM)
        .bind(
          source,
          name,
          serialOf(head),
          head.changedAt,
          now - SERIAL_GUARD_TTL,
          Number(tell !== undefined),
          now + AHEAD,
        )
        .first<{ announced_serial: number | null; stored: string }>();
      if (!row) return "older";
      tell?.(JSON.parse(row.stored) as string[]);
      return row.announced_serial === null ? "settled" : "unsettled";
    },
    async settle(name, head) {
      await db.prepare(SETTLE).bind(source, name, serialOf(head), head.changedAt).run();
    },
    async pageDeleted(name, { changedAt }, now) {
      const deleted = { source, project: name, condition: "changed_at <= ?3", values: [changedAt] };
      await db.batch(deletePage(db, deleted, now));
    },
    async has(name) {
      const row = await db.prepare("SELECT 1 FROM page WHERE source = ?1 AND project = ?2").bind(source, name).first();
      return row !== null;
    },
    async count() {
      const row = await db
        .prepare("SELECT count(*) AS n FROM page WHERE source = ?1")
        .bind(source)
        .first<{ n: number }>();
      return row?.n ?? 0;
    },
  };
}

/** A serial that can be compared, or null. */
function serialOf({ serial }: StoredHead): number | null {
  const number = Number(serial ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : null;
}
