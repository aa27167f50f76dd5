import { fileLabel } from "../../pypi/file-url.ts";
import type { ProjectUses } from "../../repository/ports/project-uses.ts";
import type { Database } from "../../platform/database.ts";
import { storedRef } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** How many files of a project are looked at, the last used first. */
const MAX_FILES = 5_000;

/** A tombstone, which has a size of 0, stands for a file that is not stored. */
const FILES = `SELECT o.key, o.size, o.used_at AS usedAt
  FROM json_each(?1) AS s CROSS JOIN object AS o ON o.source = s.value AND o.project = ?2
  WHERE o.size > 0 ORDER BY o.used_at DESC LIMIT ${MAX_FILES}`;

/** Which files of a project are stored, of the table `object` in D1. */
export const projectUsesIn = (db: Database): ProjectUses => ({
  of: (sources, project) =>
    orStorageFailed(async () => {
      const { results } = await db
        .prepare(FILES)
        .bind(JSON.stringify(sources), project)
        .all<{ key: string; size: number; usedAt: number }>();
      return new Map(results.flatMap(({ key, ...use }) => storedRef(key).map((ref) => [fileLabel(ref), use] as const)));
    }),
});
