import type { Database } from "../../platform/database.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { StoredListing } from "../../repository/ports/stored-listing.ts";
import { storedRef } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** Projects of one answer. */
const BATCH = 200;

/** `CROSS` keeps SQLite at the index by source and project. */
const AFTER = `
  WITH named AS (
    SELECT DISTINCT o.project FROM json_each(?1) AS s CROSS JOIN object AS o ON o.source = s.value AND o.project > ?2
    WHERE o.size > 0 AND o.key GLOB 'file/*' ORDER BY o.project LIMIT ${BATCH}
  )
  SELECT o.project, o.key FROM named CROSS JOIN json_each(?1) AS s
  CROSS JOIN object AS o ON o.source = s.value AND o.project = named.project
  WHERE o.size > 0 AND o.key GLOB 'file/*' ORDER BY o.project, o.key`;

/** The records of stored files in D1; where it was not noted of which project a file is, it is not listed. */
export const storedListingIn = (db: Database): StoredListing => ({
  after: (sources, name) =>
    orStorageFailed(async () => {
      const { results } = await db
        .prepare(AFTER)
        .bind(JSON.stringify(sources), name)
        .all<{ project: ProjectName; key: string }>();
      return [...Map.groupBy(results, ({ project }) => project)].map(([project, rows]) => ({
        project,
        files: rows.flatMap(({ key }) => storedRef(key)),
      }));
    }),
});
