import type { ProjectName } from "../../pypi/name.ts";
import type { PagesBehind } from "../../repository/ports/change-log.ts";
import type { Database } from "../../platform/database.ts";
import { deletePage } from "./delete-page.ts";

/** The pages of a source that are behind its change log, in D1. */
export function pagesBehindIn(db: Database, source: string): PagesBehind {
  /** The page keeps its own serial: some upstreams' pages have other serials than their change logs. */
  async function settle(name: ProjectName, serial: number) {
    await db
      .prepare(
        "UPDATE page SET announced_serial = NULL, queued_at = NULL WHERE source = ?1 AND project = ?2 AND announced_serial <= ?3",
      )
      .bind(source, name, serial)
      .run();
  }

  return {
    async due(queuedBefore, limit) {
      const { results } = await db
        .prepare(
          `SELECT project FROM page
           WHERE source = ?1 AND announced_serial IS NOT NULL AND (queued_at IS NULL OR queued_at <= ?2)
           ORDER BY queued_at, announced_serial LIMIT ?3`,
        )
        .bind(source, queuedBefore, limit)
        .all<{ project: ProjectName }>();
      return results.map(({ project }) => project);
    },

    async queued(names, now) {
      await db
        .prepare(
          `UPDATE page SET queued_at = ?3
           WHERE source = ?1 AND announced_serial IS NOT NULL AND project IN (SELECT value FROM json_each(?2))`,
        )
        .bind(source, JSON.stringify(names), now)
        .run();
    },

    async among(names) {
      const { results } = await db
        .prepare(
          `SELECT project, announced_serial FROM page
           WHERE source = ?1 AND announced_serial IS NOT NULL AND project IN (SELECT value FROM json_each(?2))`,
        )
        .bind(source, JSON.stringify(names))
        .all<{ project: ProjectName; announced_serial: number }>();
      return new Map(results.map(({ project, announced_serial }) => [project, announced_serial]));
    },

    settle,

    async gone(name, serial, { before, now }) {
      const condition = "announced_serial <= ?3 AND changed_at <= ?4";
      await db.batch(deletePage(db, { source, project: name, condition, values: [serial, before] }, now));
      await settle(name, serial);
    },

    async count() {
      const row = await db
        .prepare("SELECT count(*) AS n FROM page WHERE source = ?1 AND announced_serial IS NOT NULL")
        .bind(source)
        .first<{ n: number }>();
      return row?.n ?? 0;
    },
  };
}
