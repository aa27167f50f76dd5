import type { Author } from "../../auth/audit-entry.ts";
import type { Database, Statement } from "../../platform/database.ts";
import type { Fork, Forks, ListedFork } from "../../publishing/fork.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

const OFFERED = `EXISTS (SELECT 1 FROM hosted_file AS h WHERE h.index_name = fork.index_name AND h.project = fork.project
    AND h.version = fork.version AND h.object IS NOT NULL AND h.yanked IS NULL)`;

const COLUMNS = `fork.project, fork.version, base_version AS baseVersion, base_filename AS baseFilename, base_sha256 AS baseSha256,
  reason, created_at AS at, created_by_name AS by, ${OFFERED} AS offered`;

const FORGET_NEWEST = `DELETE FROM outdated_fork WHERE (index_name, project, version) IN (
    SELECT value ->> 'index', value ->> 'project', value ->> 'version' FROM json_each(?1))`;

const NOTE_NEWEST = `INSERT INTO outdated_fork (index_name, project, version, newest)
  SELECT value ->> 'index', value ->> 'project', value ->> 'version', value ->> 'newest' FROM json_each(?1)
  WHERE value ->> 'newest' IS NOT NULL`;

const OUTDATED = `SELECT fork.index_name AS "index", count(o.newest) AS outdated FROM fork
  LEFT JOIN outdated_fork AS o ON o.index_name = fork.index_name AND o.project = fork.project AND o.version = fork.version
  WHERE ${OFFERED} GROUP BY 1 ORDER BY 1`;

const LIST = `SELECT ${COLUMNS},
    (SELECT json_group_array(json_object('name', value ->> 'name', 'sha256', value ->> 'sha256')) FROM json_each(patches)) AS patches
  FROM fork WHERE index_name = ?1 ORDER BY project, version`;

const FIND = `SELECT ${COLUMNS}, patches FROM fork WHERE index_name = ?1 AND project = ?2 AND version = ?3`;

const INSERT = `INSERT INTO fork (index_name, project, version, base_version, base_filename, base_sha256, patches, reason,
    created_at, created_by, created_by_name)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING`;

const COPY = `INSERT INTO fork (index_name, project, version, base_version, base_filename, base_sha256, patches, reason,
    created_at, created_by, created_by_name)
  SELECT ?4, project, version, base_version, base_filename, base_sha256, patches, reason, created_at, created_by, created_by_name
  FROM fork WHERE index_name = ?1 AND project = ?2 AND version = ?3 ON CONFLICT DO NOTHING`;

interface Row {
  readonly project: ProjectName;
  readonly version: string;
  readonly baseVersion: string;
  readonly baseFilename: string;
  readonly baseSha256: string;
  readonly reason: string;
  readonly at: number;
  readonly by: string;
  readonly offered: number;
  /** JSON. */
  readonly patches: string;
}

/** Forks in D1. The table is made by schema/migrations. */
export const forksIn = (db: Database): Forks => ({
  list: (index) =>
    orStorageFailed(async () => {
      const { results } = await db.prepare(LIST).bind(index).all<Row>();
      return results.map((row) => listed(row));
    }),

  find: (index, project, version) =>
    orStorageFailed(async () => {
      const row = await db.prepare(FIND).bind(index, project, version).first<Row>();
      return row && { ...listed(row), patches: JSON.parse(row.patches) as Fork["patches"] };
    }),

  noteNewest: (looked) =>
    orStorageFailed(async () => {
      if (looked.length === 0) return;
      const rows = JSON.stringify(looked);
      await db.batch([db.prepare(FORGET_NEWEST).bind(rows), db.prepare(NOTE_NEWEST).bind(rows)]);
    }),

  outdated: () =>
    orStorageFailed(async () => (await db.prepare(OUTDATED).all<{ index: string; outdated: number }>()).results),
});

/** Where a fork is, and who made it when. */
interface ForkOrigin {
  readonly index: string;
  readonly project: ProjectName;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly author: Author;
}

/** Records a fork; the record of another file of the same release stays. */
export const forkStatement = (
  db: Database,
  fork: Fork,
  { index, project, version, at, author }: ForkOrigin,
): Statement =>
  db
    .prepare(INSERT)
    .bind(
      index,
      project,
      version,
      fork.base.version,
      fork.base.filename,
      fork.base.sha256,
      JSON.stringify(fork.patches),
      fork.reason,
      at,
      author.principal.id,
      author.principal.name,
    );

/** Copies the record of a release, where it is a fork, to another index. */
export const forkCopyStatement = (db: Database, index: string, project: ProjectName, version: string, to: string) =>
  db.prepare(COPY).bind(index, project, version, to);

const listed = ({ baseVersion, baseFilename, baseSha256, offered, patches, ...row }: Row): ListedFork => ({
  ...row,
  base: { version: baseVersion, filename: baseFilename, sha256: baseSha256 },
  patches: JSON.parse(patches) as ListedFork["patches"],
  isOffered: offered === 1,
});
