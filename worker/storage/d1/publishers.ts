import type { ProjectName } from "../../pypi/name.ts";
import type { Publishers } from "../../repository/ports/publishers.ts";
import type { Database } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** `CROSS` keeps SQLite from scanning the audit log. Of two indexes the one that was written to last counts. */
const LAST = `SELECT asked.value AS project, a.actor_name AS name, max(a.id) AS at
  FROM json_each(?2) AS asked CROSS JOIN json_each(?1) AS i
  CROSS JOIN audit AS a ON a.id = (
    SELECT max(id) FROM audit WHERE index_name = i.value AND project = asked.value AND action = 'upload'
  )
  GROUP BY asked.value`;

/** How many uploads are read of one project, the newest first. */
const MAX_FILES = 2_000;

const FILES = `SELECT a.subject, a.actor_name AS name
  FROM json_each(?1) AS i CROSS JOIN audit AS a ON a.index_name = i.value AND a.project = ?2 AND a.action = 'upload'
  ORDER BY a.id DESC LIMIT ${MAX_FILES}`;

/** Who has uploaded what, of the audit log in D1. */
export const publishersIn = (db: Database): Publishers => ({
  last: (indexes, projects) =>
    orStorageFailed(async () => {
      if (projects.length === 0) return new Map();
      const { results } = await db
        .prepare(LAST)
        .bind(JSON.stringify(indexes), JSON.stringify(projects))
        .all<{ project: ProjectName; name: string }>();
      return new Map(results.map(({ project, name }) => [project, name]));
    }),

  ofFiles: (indexes, project) =>
    orStorageFailed(async () => {
      const { results } = await db
        .prepare(FILES)
        .bind(JSON.stringify(indexes), project)
        .all<{ subject: string; name: string }>();
      // Of a file that was replaced, the newest counts.
      return new Map(results.toReversed().map(({ subject, name }) => [subject, name]));
    }),
});
