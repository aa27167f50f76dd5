import type { MirrorRequirement } from "../../repository/ports/mirror.ts";
import type { Database, Statement } from "../../platform/database.ts";

const AS_ROWS = "(SELECT value ->> 0 AS required, value ->> 1 AS specifiers, value ->> 2 AS extras FROM json_each(?3))";

/** Of both, those that are in one only: what they require must be looked at again. */
const CHANGED_DUE = `UPDATE mirror_project SET due_at = min(coalesce(due_at, ?4), ?4) WHERE source = ?1 AND project IN (
    SELECT required FROM (
      SELECT required, specifiers, extras FROM mirror_requirement WHERE source = ?1 AND project = ?2
      UNION ALL SELECT required, specifiers, extras FROM ${AS_ROWS}
    ) GROUP BY required, specifiers, extras HAVING count(*) = 1
  )`;

const NEW_PROJECTS = `INSERT INTO mirror_project (source, project, due_at) SELECT DISTINCT ?1, required, ?4 FROM ${AS_ROWS}
  WHERE ?2 = ?2 ON CONFLICT DO NOTHING`;

const FORGET = `DELETE FROM mirror_requirement WHERE source = ?1 AND project = ?2 AND (required, specifiers, extras) NOT IN (
    SELECT required, specifiers, extras FROM ${AS_ROWS}
  )`;

const RECORD = `INSERT INTO mirror_requirement (source, project, required, specifiers, extras)
  SELECT ?1, ?2, required, specifiers, extras FROM ${AS_ROWS} WHERE true ON CONFLICT DO NOTHING`;

/** The statements that record what a project requires now, and have what has come or gone looked at. */
export function requirementChanges(
  db: Database,
  source: string,
  project: string,
  requirements: readonly MirrorRequirement[],
  now: number,
): Statement[] {
  const rows = JSON.stringify(
    requirements.map(({ required, specifiers, extras }) => [required, specifiers, JSON.stringify(extras)]),
  );
  const changedDue = db.prepare(CHANGED_DUE).bind(source, project, rows, now);
  const forget = db.prepare(FORGET).bind(source, project, rows);
  if (requirements.length === 0) return [changedDue, forget];
  return [
    changedDue,
    db.prepare(NEW_PROJECTS).bind(source, project, rows, now),
    forget,
    db.prepare(RECORD).bind(source, project, rows),
  ];
}
