import type { Database } from "../../platform/database.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Codec } from "../snapshots/copies.ts";
import type { ReadSubject } from "../snapshots/reader.ts";

/** The names that an index hosts, each with the index's revision at its last change. */
export type HostedNames = ReadonlyMap<ProjectName, number>;

/** The subject of an index in the table `revision`. */
export const indexSubject = (index: string) => `index ${index}`;

/**
 * The revision, and the projects that have changed since ?3; all of them where ?3 is of a time before a row was removed, or of
 * a database that was restored since.
 */
const CHANGED = `
  SELECT r.number, ?3 BETWEEN r.whole_since AND r.number AS is_delta, p.project, p.changed
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = ?1
  LEFT JOIN hosted_project AS p ON p.index_name = ?2 AND p.changed > iif(?3 BETWEEN r.whole_since AND r.number, ?3, -1)`;

interface Row {
  readonly number: number | null;
  readonly is_delta: number | null;
  readonly project: ProjectName | null;
  readonly changed: number;
}

/** Reads which names an index hosts. The query rejects with D1's error. */
export function hostedNamesIn(db: Database, index: string): ReadSubject<HostedNames> {
  return async (known) => {
    const { results } = await db
      .prepare(CHANGED)
      .bind(indexSubject(index), index, known?.revision ?? -1)
      .all<Row>();
    const [first] = results;
    const changes = results.flatMap(({ project, changed }) => (project === null ? [] : [[project, changed] as const]));
    const before = known && first?.is_delta === 1 ? known.value : undefined;
    const value = before && changes.length === 0 ? before : new Map([...(before ?? []), ...changes]);
    return { revision: first?.number ?? 0, value };
  };
}

export const HOSTED_NAMES_CODEC: Codec<HostedNames> = {
  encode: (names) => JSON.stringify([...names]),
  decode: (text) => new Map(JSON.parse(text) as [ProjectName, number][]),
};
