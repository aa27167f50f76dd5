import type { Database, Statement } from "../../platform/database.ts";

/** Where two indexes shared an object, the later time counts. */
const NOTE_UNLINKED = `INSERT INTO unlinked_object (object, unlinked_at)
  SELECT object, ?4 FROM hosted_file
  WHERE index_name = ?1 AND project = ?2 AND identity IN (SELECT value FROM json_each(?3)) AND object IS NOT NULL
  ON CONFLICT (object) DO UPDATE SET unlinked_at = max(unlinked_at, excluded.unlinked_at)`;

export interface UnlinkedFiles {
  readonly index: string;
  readonly project: string;
  readonly identities: readonly string[];
}

/**
 * The statement that records which objects are about to lose their file. It must precede the statement that deletes or
 * replaces the files, in the same transaction. Their bytes are kept for as long as the database can be restored to this
 * moment. `at` in milliseconds since the epoch.
 */
export const noteUnlinked = (db: Database, { index, project, identities }: UnlinkedFiles, at: number): Statement =>
  db.prepare(NOTE_UNLINKED).bind(index, project, JSON.stringify(identities), at);
