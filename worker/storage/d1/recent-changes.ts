import type { ProjectName } from "../../pypi/name.ts";
import type { RecentChanges } from "../../repository/ports/maintenance.ts";
import type { Database } from "../../platform/database.ts";

const CHANGED = "SELECT project FROM page WHERE changed_at >";

/** The pages that changed lately, of all sources, as recorded in D1. */
export function recentChangesIn(db: Database): RecentChanges {
  return {
    async changed(first, second, limit) {
      const { results } = await db
        .prepare(`${CHANGED} ?1 AND changed_at <= ?2 UNION ${CHANGED} ?3 AND changed_at <= ?4 LIMIT ?5`)
        .bind(first.after, first.until, second.after, second.until, limit)
        .run<{ project: ProjectName }>();
      return results.map(({ project }) => project);
    },
  };
}
