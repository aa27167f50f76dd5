/** Where one object was a file's in two indexes, the later of the two counts. */
const LEFT = `INSERT INTO hosted_left (object, at)
  SELECT object, ?4 FROM hosted_file
  WHERE index_name = ?1 AND project = ?2 AND identity IN (SELECT value FROM json_each(?3)) AND object IS NOT NULL
  ON CONFLICT (object) DO UPDATE SET at = max(at, excluded.at)`;

/** Files of a project. */
export interface Leaving {
  readonly index: string;
  readonly project: string;
  readonly identities: readonly string[];
}

/**
 * The statement that notes what these files are made of, to come before the one of the same transaction that deletes or replaces
 * them: until the database can no longer be restored to now, their bytes stay. `at` in milliseconds since the epoch.
 */
export const leaving = (db: D1Database, { index, project, identities }: Leaving, at: number): D1PreparedStatement =>
  db.prepare(LEFT).bind(index, project, JSON.stringify(identities), at);
