import type { Database, Statement } from "../../platform/database.ts";
import type { TrustedJobs } from "../../publishing/ports.ts";
import type { HostedProvenance } from "../../repository/ports/hosted-packages.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

const FIND = "SELECT object FROM hosted_provenance WHERE sha256 = ?1 AND filename = ?2";

const KEEP = `INSERT INTO hosted_provenance (sha256, filename, object) VALUES (?1, ?2, ?3)
  ON CONFLICT (sha256, filename) DO UPDATE SET object = excluded.object`;

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

/** The jobs that uploaded without a secret. */
export const trustedJobsIn = (db: Database): TrustedJobs => ({
  repositoryOf: (id) =>
    orStorageFailed(async () => {
      const row = await db.prepare(JOB).bind(id).first<{ repository: string | null }>();
      return row?.repository ?? undefined;
    }),
});
