import type { Database, Statement } from "../../platform/database.ts";
import type { TrustedJobs } from "../../publishing/ports.ts";
import type { HostedProvenance } from "../../repository/ports/hosted-packages.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

const FIND = "SELECT object FROM hosted_provenance WHERE sha256 = ?1 AND filename = ?2";

const KEEP = `INSERT INTO hosted_provenance (sha256, filename, object) VALUES (?1, ?2, ?3)
  ON CONFLICT (sha256, filename) DO UPDATE SET object = excluded.object`;

/** Whether no file of an index or of its trash has these bytes by this name. */
const IS_UNUSED = `NOT EXISTS (SELECT 1 FROM hosted_file AS f
  WHERE f.sha256 = hosted_provenance.sha256 AND f.filename = hosted_provenance.filename
    AND (f.object IS NOT NULL OR f.trashed IS NOT NULL)`;

/** The file that is about to be replaced does not count itself. */
const FORGET_REPLACED = `DELETE FROM hosted_provenance
  WHERE (sha256, filename) IN (SELECT sha256, filename FROM hosted_file WHERE index_name = ?1 AND project = ?2 AND identity = ?3)
    AND sha256 <> ?4
    AND ${IS_UNUSED} AND NOT (f.index_name = ?1 AND f.project = ?2 AND f.identity = ?3))`;

const FORGET_UNUSED = `DELETE FROM hosted_provenance WHERE ${IS_UNUSED})`;

/** A trusted publisher's token is in the audit log, with the claims of the job that it was made for. */
const JOB = `SELECT coalesce(details ->> '$.claims.repository', details ->> '$.claims.project_path') AS repository
  FROM audit WHERE action = 'token.mint' AND subject = ?1 ORDER BY id DESC LIMIT 1`;

/** The provenance of hosted files, in D1; the table is made by schema/migrations. */
export const hostedProvenanceIn = (db: Database): HostedProvenance => ({
  of: ({ sha256, filename }) =>
    orStorageFailed(async () => {
      const row = await db.prepare(FIND).bind(sha256, filename).first<{ object: string }>();
      return row?.object;
    }),
});

/** Keeps the provenance of a file that is published, in the same transaction. */
export const provenanceStatement = (
  db: Database,
  { sha256, filename }: { readonly sha256: string; readonly filename: string },
  provenance: string,
): Statement => db.prepare(KEEP).bind(sha256, filename, provenance);

/**
 * Forgets the provenance of the file in whose place another is about to be put, where no other index has it. Precedes the statement
 * that replaces the file, in the same transaction.
 */
export const forgetReplacedProvenance = (
  db: Database,
  { index, project, identity }: { readonly index: string; readonly project: string; readonly identity: string },
  by: { readonly sha256: string },
): Statement => db.prepare(FORGET_REPLACED).bind(index, project, identity, by.sha256);

/** Forgets the provenance of files that are gone, in the transaction that empties the trash. */
export const forgetUnusedProvenance = (db: Database): Statement => db.prepare(FORGET_UNUSED);

/** The jobs that uploaded without a secret. */
export const trustedJobsIn = (db: Database): TrustedJobs => ({
  repositoryOf: (id) =>
    orStorageFailed(async () => {
      const row = await db.prepare(JOB).bind(id).first<{ repository: string | null }>();
      return row?.repository ?? undefined;
    }),
});
