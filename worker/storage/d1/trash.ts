import type { Cleanup, EmptiedRelease } from "../../repository/ports/maintenance.ts";
import type { Database } from "../../platform/database.ts";
import { forgetUnusedProvenance } from "./hosted-provenance.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** Files that one run takes out of the trash at most. Their releases may be left in parts, which the next run takes. */
const MAX_FILES = 1_000;

const DUE = `SELECT index_name, project, identity, version, filename, sha256 FROM hosted_file
  WHERE trashed IS NOT NULL AND object IS NULL AND deleted_at < ?1
  ORDER BY index_name, project, version LIMIT ${MAX_FILES}`;

const RELEASES = `SELECT index_name AS "index", project, version, count(*) AS files FROM (${DUE})
  GROUP BY index_name, project, version`;

/** One entry for each release. The rows are read in this transaction: what was restored meanwhile is not among them. */
const AUDIT = `INSERT INTO audit (at, actor, actor_name, origin, action, index_name, project, subject, details)
  SELECT ?2, 'clean', 'the job clean', '', 'trash.empty', index_name, project, version,
    json_object('version', version, 'files', json_group_array(json_object('filename', filename, 'sha256', sha256)))
  FROM (${DUE}) GROUP BY index_name, project, version`;

/** A restoring that was decided before fails at the revision, and is decided anew. */
const RAISE_REVISIONS = `UPDATE hosted_project SET revision = revision + 1
  WHERE (index_name, project) IN (SELECT index_name, project FROM (${DUE}))`;

const FORGET_OBJECTS = `UPDATE hosted_file SET trashed = NULL
  WHERE (index_name, project, identity) IN (SELECT index_name, project, identity FROM (${DUE}))`;

/** In a volatile index the row of a deleted file keeps nothing: the name can be used again. */
const DELETE_ROWS = `DELETE FROM hosted_file
  WHERE index_name IN (SELECT value FROM json_each(?1)) AND object IS NULL AND trashed IS NULL`;

/** Uses of releases that have no row any more. */
const FORGET_USES = `DELETE FROM hosted_use WHERE NOT EXISTS (SELECT 1 FROM hosted_file AS f
  WHERE f.index_name = hosted_use.index_name AND f.project = hosted_use.project AND f.version = hosted_use.version)`;

/**
 * Takes files out of the trash.
 *
 * @param volatile names of the volatile indexes
 */
export const trashIn =
  (db: Database, volatile: readonly string[]): Cleanup["trash"] =>
  (before, now, dryRun) =>
    orStorageFailed(async () => {
      const read = db.prepare(RELEASES).bind(before);
      const { results } = await read.all<EmptiedRelease>();
      if (dryRun || results.length === 0) return results;
      const [emptied] = await db.batch<EmptiedRelease>([
        read,
        db.prepare(AUDIT).bind(before, now),
        db.prepare(RAISE_REVISIONS).bind(before),
        db.prepare(FORGET_OBJECTS).bind(before),
        db.prepare(DELETE_ROWS).bind(JSON.stringify(volatile)),
        db.prepare(FORGET_USES),
        forgetUnusedProvenance(db),
      ]);
      return emptied?.results ?? [];
    });
