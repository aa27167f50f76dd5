import type { Database, Statement } from "../../platform/database.ts";
import type { PublishedFileId, TrustedJobs, VerifiedProvenance } from "../../publishing/ports.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Signer } from "../../pypi/verdict.ts";
import type { HostedProvenance } from "../../repository/ports/hosted-packages.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

const FIND = "SELECT object FROM hosted_provenance WHERE index_name = ?1 AND sha256 = ?2 AND filename = ?3";

/** The first index last: where two have one file, it counts. */
const SIGNERS = `SELECT h.filename, h.sha256, h.signer
  FROM json_each(?1) AS i CROSS JOIN hosted_file AS f ON f.index_name = i.value AND f.project = ?2 AND f.object IS NOT NULL
  CROSS JOIN hosted_provenance AS h USING (index_name, sha256, filename)
  WHERE h.signer IS NOT NULL ORDER BY i.key DESC`;

const KEEP = `INSERT INTO hosted_provenance (index_name, sha256, filename, object, signer) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (index_name, sha256, filename)`;

/** The other index may have it from a file of these bytes that lies in its trash. */
const COPY = `INSERT INTO hosted_provenance (index_name, sha256, filename, object, signer)
  SELECT ?4, h.sha256, h.filename, h.object, h.signer
  FROM hosted_file AS f CROSS JOIN hosted_provenance AS h USING (index_name, sha256, filename)
  WHERE f.index_name = ?1 AND f.project = ?2 AND f.identity IN (SELECT value FROM json_each(?3))
  ON CONFLICT (index_name, sha256, filename) DO UPDATE SET object = excluded.object, signer = excluded.signer`;

const FORGET_REPLACED = `DELETE FROM hosted_provenance
  WHERE (index_name, sha256, filename) IN (
      SELECT index_name, sha256, filename FROM hosted_file WHERE index_name = ?1 AND project = ?2 AND identity = ?3)
    AND sha256 <> ?4`;

/** Of files that neither the index nor its trash has. */
const FORGET_UNUSED = `DELETE FROM hosted_provenance WHERE NOT EXISTS (
  SELECT 1 FROM hosted_file AS f
  WHERE f.sha256 = hosted_provenance.sha256 AND f.filename = hosted_provenance.filename
    AND f.index_name = hosted_provenance.index_name AND (f.object IS NOT NULL OR f.trashed IS NOT NULL))`;

/** A trusted publisher's token is in the audit log, with the claims of the job that it was made for. */
const JOB = `SELECT coalesce(details ->> '$.claims.repository', details ->> '$.claims.project_path') AS repository
  FROM audit WHERE action = 'token.mint' AND subject = ?1 ORDER BY id DESC LIMIT 1`;

interface SignerRow {
  readonly filename: Filename;
  readonly sha256: string;
  readonly signer: string;
}

/** The provenance of hosted files, in D1; the table is made by schema/migrations. */
export const hostedProvenanceIn = (db: Database): HostedProvenance => ({
  of: (index, { sha256, filename }) =>
    orStorageFailed(async () => {
      const row = await db.prepare(FIND).bind(index, sha256, filename).first<{ object: string }>();
      return row?.object;
    }),

  signers: (indexes, project) =>
    orStorageFailed(async () => {
      const { results } = await db.prepare(SIGNERS).bind(JSON.stringify(indexes), project).all<SignerRow>();
      return new Map(
        results.map(({ filename, sha256, signer }) => [filename, { sha256, signer: JSON.parse(signer) as Signer }]),
      );
    }),
});

/** A file of an index, by its bytes. */
interface FileOfIndex {
  readonly index: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly filename: Filename;
}

/** Keeps the provenance of a file that is published, in the same transaction. */
export const provenanceStatement = (db: Database, file: FileOfIndex, provenance: VerifiedProvenance): Statement =>
  keeping(db, `${KEEP} DO UPDATE SET object = excluded.object, signer = excluded.signer`, file, provenance);

/** Adds the provenance of a file that was published without any. */
export const laterProvenanceStatement = (db: Database, file: FileOfIndex, provenance: VerifiedProvenance): Statement =>
  keeping(db, `${KEEP} DO NOTHING`, file, provenance);

const keeping = (
  db: Database,
  sql: string,
  { index, sha256, filename }: FileOfIndex,
  { object, signer }: VerifiedProvenance,
) => db.prepare(sql).bind(index, sha256, filename, object, JSON.stringify(signer));

/**
 * Copies the provenance of files to another index, in the transaction that copies the files.
 *
 * @param identities a JSON array
 */
export const provenanceCopyStatement = (
  db: Database,
  index: string,
  project: ProjectName,
  identities: string,
  to: string,
): Statement => db.prepare(COPY).bind(index, project, identities, to);

/**
 * Forgets the provenance of the file in whose place another is about to be put. Precedes the statement that replaces the file, in the
 * same transaction.
 */
export const forgetReplacedProvenance = (
  db: Database,
  { index, project, identity }: PublishedFileId,
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
