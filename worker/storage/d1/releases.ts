import { messageOf } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ReleaseChange, ReleasedProject, ReleaseFile, ReleaseStore } from "../../publishing/releases/ports.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import { forkCopyStatement } from "./forks.ts";
import { provenanceCopyStatement } from "./hosted-provenance.ts";
import { failureOf, orStorageFailed } from "../or-storage-failed.ts";
import type { Database, SqlValue, Statement } from "../../platform/database.ts";
import { noteUses } from "./release-uses.ts";
import { noteUnlinked } from "./unlinked-objects.ts";

const PROJECT =
  "SELECT status, status_reason AS reason, revision FROM hosted_project WHERE index_name = ?1 AND project = ?2";

const FILES = `SELECT identity, filename, version, sha256, size, yanked, uploaded_at AS uploadedAt, deleted_at AS deletedAt,
    iif(object IS NULL, trashed, NULL) AS trashed
  FROM hosted_file WHERE index_name = ?1 AND project = ?2 ORDER BY identity`;

/**
 * Where the revision is not the one that was read, it becomes NULL, and the NOT NULL constraint makes the whole
 * transaction fail.
 */
const RAISE_REVISION = `UPDATE hosted_project SET revision = CASE revision WHEN ?3 THEN revision + 1 END
  WHERE index_name = ?1 AND project = ?2`;
const CHECK_REVISION = `UPDATE hosted_project SET revision = CASE revision WHEN ?3 THEN revision END
  WHERE index_name = ?1 AND project = ?2`;

/** Fails where another request has added the project. */
const INSERT_PROJECT = "INSERT INTO hosted_project (index_name, project, revision) VALUES (?1, ?2, 1)";

const SELECTED = "index_name = ?1 AND project = ?2 AND identity IN (SELECT value FROM json_each(?3))";

const SET_YANKED = `UPDATE hosted_file SET yanked = ?4 WHERE ${SELECTED}`;
const INTO_TRASH = `UPDATE hosted_file SET trashed = object, object = NULL, deleted_at = ?4 WHERE ${SELECTED}`;
const OUT_OF_TRASH = `UPDATE hosted_file SET object = trashed, trashed = NULL, deleted_at = NULL WHERE ${SELECTED}`;

/** Rows of deleted files whose names can be used again. */
const DELETE_ROWS = `DELETE FROM hosted_file WHERE ${SELECTED} AND object IS NULL`;

/** As where the revision is another one: a release that another index has, or that was used since, stays. */
const RAISE_REVISION_IF_UNUSED = `UPDATE hosted_project SET revision = CASE
    WHEN revision <> ?3 OR EXISTS (
      SELECT 1 FROM hosted_file AS own JOIN hosted_file AS other ON other.object = own.object AND other.index_name <> own.index_name
      WHERE own.index_name = ?1 AND own.project = ?2 AND own.identity IN (SELECT value FROM json_each(?4)))
    OR EXISTS (
      SELECT 1 FROM hosted_file AS own JOIN hosted_use USING (index_name, project, version)
      WHERE own.index_name = ?1 AND own.project = ?2 AND own.identity IN (SELECT value FROM json_each(?4)) AND used_at >= ?5)
    THEN NULL ELSE revision + 1 END
  WHERE index_name = ?1 AND project = ?2`;

const STATUS = "UPDATE hosted_project SET status = ?3, status_reason = ?4 WHERE index_name = ?1 AND project = ?2";

/** The other index gets the same object: no bytes are copied. */
const COPY_ROWS = `INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object,
    metadata_sha256, requires_python, uploaded_at, yanked)
  SELECT ?4, project, identity, filename, version, sha256, size, object, metadata_sha256, requires_python, ?5, yanked
  FROM hosted_file WHERE ${SELECTED}`;

/** D1's message where one of the conditions above was not met. */
const CHANGED_MEANWHILE = /constraint failed: hosted_(?:project|file)\b/;

interface ProjectRow {
  readonly status: string | null;
  readonly reason: string | null;
  readonly revision: number;
}

/** Hosted releases in D1. The tables are made by schema/migrations. */
export function releasesIn(db: Database): ReleaseStore {
  return {
    async read(index, project) {
      const [found, files] = await orStorageFailed(() =>
        db.batch<ProjectRow | ReleaseFile>([PROJECT, FILES].map((sql) => db.prepare(sql).bind(index, project))),
      );
      const row = found?.results[0] as ProjectRow | undefined;
      if (!row || !files) return null;
      const { status, reason, revision } = row;
      return {
        index,
        project,
        status: status === null ? undefined : { status, reason: reason ?? undefined },
        revision,
        files: files.results as ReleaseFile[],
      };
    },

    async write(project, change, entry, now) {
      try {
        await db.batch([...statementsOf(db, project, change, now), auditEntryStatement(db, entry, now)]);
        return true;
      } catch (error) {
        if (CHANGED_MEANWHILE.test(messageOf(error))) return false;
        throw failureOf(error);
      }
    },
  };
}

function statementsOf(db: Database, project: ReleasedProject, change: ReleaseChange, now: number): Statement[] {
  const { index, project: name, revision } = project;
  const about = (sql: string, ...values: SqlValue[]) => db.prepare(sql).bind(index, name, ...values);
  if (change.kind === "promote") {
    const { files, to, there, replaced } = change;
    return [
      about(CHECK_REVISION, revision),
      inOther(db, to, name, there),
      ...(replaced.length > 0 ? [db.prepare(DELETE_ROWS).bind(to, name, identities(replaced))] : []),
      about(COPY_ROWS, identities(files), to, now),
      provenanceCopyStatement(db, index, name, identities(files), to),
      ...[...new Set(files.map(({ version }) => version))].map((version) =>
        forkCopyStatement(db, index, name, version, to),
      ),
    ];
  }
  const raised =
    change.kind === "prune"
      ? about(RAISE_REVISION_IF_UNUSED, revision, identities(change.files), change.unusedSince)
      : about(RAISE_REVISION, revision);
  if (change.kind === "status") {
    return [raised, about(STATUS, change.status?.status ?? null, change.status?.reason ?? null)];
  }
  const files = identities(change.files);
  if (change.kind === "yank") return [raised, about(SET_YANKED, files, change.reason)];
  if (change.kind === "restore") {
    const versions = [...new Set(change.files.map(({ version }) => version))];
    const used = noteUses(
      db,
      versions.map((version) => ({ index, project: name, version, at: now })),
    );
    return [raised, about(OUT_OF_TRASH, files), used];
  }
  const left = noteUnlinked(
    db,
    { index, project: name, identities: change.files.map(({ identity }) => identity) },
    now,
  );
  return [raised, left, about(INTO_TRASH, files, now)];
}

const inOther = (db: Database, to: string, name: ProjectName, there: ReleasedProject | null) =>
  there ? db.prepare(RAISE_REVISION).bind(to, name, there.revision) : db.prepare(INSERT_PROJECT).bind(to, name);

const identities = (files: readonly ReleaseFile[]) => JSON.stringify(files.map(({ identity }) => identity));
