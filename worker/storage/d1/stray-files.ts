import type { ProjectName } from "../../pypi/name.ts";
import type { StrayStore } from "../../repository/ports/pages.ts";
import type { Database } from "../../platform/database.ts";

/** How many projects that list one file are looked at. */
const MAX_PROJECTS = 3;

/** Addresses in one statement: an address has at most 700 bytes, and a bound value at most 2 MB. */
const BATCH = 2_000;

const FIND = "SELECT project FROM stray WHERE source = ?1 AND address = ?2 ORDER BY project LIMIT ?3";

const FORGET = "DELETE FROM stray WHERE source = ?1 AND project = ?2";

/** `WHERE true` ends the SELECT before ON. */
const NOTE = `INSERT INTO stray (source, address, project)
  SELECT ?1, value, ?2 FROM json_each(?3) WHERE true ON CONFLICT DO NOTHING`;

/**
 * A source's files whose names do not lead to the projects that list them, in D1; the table is made by
 * schema/migrations.
 */
export function strayFilesIn(db: Database, source: string): StrayStore {
  return {
    async find(address) {
      const { results } = await db.prepare(FIND).bind(source, address, MAX_PROJECTS).run<{ project: ProjectName }>();
      return results.map(({ project }) => project);
    },

    async note(project, addresses) {
      const statements = [db.prepare(FORGET).bind(source, project)];
      for (let at = 0; at < addresses.length; at += BATCH) {
        statements.push(db.prepare(NOTE).bind(source, project, JSON.stringify(addresses.slice(at, at + BATCH))));
      }
      await db.batch(statements);
    },
  };
}
