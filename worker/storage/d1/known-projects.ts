import type { ProjectName } from "../../pypi/name.ts";
import type { Database } from "../../platform/database.ts";
import type { KnownProjects } from "../../repository/ports/known-projects.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** How many are found by their beginnings alone, of each table. */
const MAX_FOUND = 60;

/** `CROSS` and the ranges keep SQLite at the primary key. */
const ofTable = (table: "page" | "popularity", score: string) => `
  SELECT * FROM (
    SELECT t.project, ${score} AS score FROM json_each(?1) AS s
    CROSS JOIN ${table} AS t ON t.source = s.value AND t.project >= ?2 AND t.project < ?3
    ORDER BY score DESC, length(t.project) LIMIT ${MAX_FOUND}
  )
  UNION ALL
  SELECT t.project, ${score} FROM json_each(?1) AS s CROSS JOIN json_each(?4) AS n
  CROSS JOIN ${table} AS t ON t.source = s.value AND t.project = n.value`;

/** Projects of the tables `page` and `popularity` in D1. */
export const knownProjectsIn = (db: Database): KnownProjects => ({
  find: (sources, beginning, names) =>
    orStorageFailed(async () => {
      // "~" comes after every character of a name.
      const values = [JSON.stringify(sources), beginning, `${beginning}~`, JSON.stringify(names)];
      const [pages, asked] = await db.batch<{ project: ProjectName; score: number }>([
        db.prepare(ofTable("page", "0")).bind(...values),
        db.prepare(ofTable("popularity", "t.score")).bind(...values),
      ]);
      const scores = new Map<ProjectName, number>();
      for (const { project, score } of asked?.results ?? [])
        scores.set(project, Math.max(score, scores.get(project) ?? 0));
      const stored = new Set(pages?.results.map(({ project }) => project));
      return [...new Set([...stored, ...scores.keys()])].map((name) => ({
        name,
        isStored: stored.has(name),
        score: scores.get(name) ?? 0,
      }));
    }),
});
