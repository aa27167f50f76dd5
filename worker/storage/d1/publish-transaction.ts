import { STATUSES_WITHOUT_UPLOADS } from "../../publishing/project-status.ts";
import type { PublishedFile, PublishTransaction } from "../../publishing/ports.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { publisherLabel } from "../../pypi/publisher.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import { forkStatement } from "./forks.ts";
import { forgetReplacedProvenance, laterProvenanceStatement, provenanceStatement } from "./hosted-provenance.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Database } from "../../platform/database.ts";
import { noteUses } from "./release-uses.ts";
import { noteUnlinked } from "./unlinked-objects.ts";

const READ_STATE = `
  SELECT hosted_project.status, hosted_project.status_reason AS reason,
    hosted_file.filename, hosted_file.sha256, hosted_file.object, hosted_provenance.sha256 IS NOT NULL AS attested
  FROM (SELECT ?1 AS index_name, ?2 AS project, ?3 AS identity)
  LEFT JOIN hosted_project USING (index_name, project)
  LEFT JOIN hosted_file USING (index_name, project, identity)
  LEFT JOIN hosted_provenance USING (index_name, sha256, filename)`;

/**
 * For a project that takes no files, `revision` becomes NULL, which its NOT NULL constraint refuses: the transaction
 * fails.
 */
const RAISE_REVISION = `
  INSERT INTO hosted_project (index_name, project, revision) VALUES (?1, ?2, 1)
  ON CONFLICT (index_name, project) DO UPDATE SET
    revision = iif(status IN (SELECT value FROM json_each(?3)), NULL, revision + 1)
  RETURNING revision`;

/** Of two concurrent uploads, the second one finds the first one's row: its transaction fails. */
const INSERT_FILE = `
  INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, metadata_sha256,
    requires_python, uploaded_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`;

const REPLACE_FILE = `${INSERT_FILE}
  ON CONFLICT (index_name, project, identity) DO UPDATE SET
    filename = excluded.filename, version = excluded.version, sha256 = excluded.sha256, size = excluded.size,
    object = excluded.object, metadata_sha256 = excluded.metadata_sha256, requires_python = excluded.requires_python,
    uploaded_at = excluded.uploaded_at, yanked = NULL, deleted_at = NULL, trashed = NULL`;

interface Row {
  readonly status: string | null;
  readonly reason: string | null;
  readonly filename: Filename | null;
  readonly sha256: string | null;
  readonly object: string | null;
  readonly attested: number;
}

/** Published files in D1. The tables are made by schema/migrations. */
export function publishTransactionIn(db: Database): PublishTransaction {
  return {
    stateOf: ({ index, project, identity }) =>
      orStorageFailed(async () => {
        const row = await db.prepare(READ_STATE).bind(index, project, identity).first<Row>();
        return {
          status: row?.status ? { status: row.status, reason: row.reason ?? undefined } : undefined,
          file: row ? fileOf(row) : undefined,
        };
      }),

    commit: (
      { index, distribution, sha256, metadataSha256, size, object, uploadedAt, at, author, fork, provenance },
      { replace },
    ) =>
      orStorageFailed(async () => {
        const { project, identity, filename, version, requiresPython } = distribution;
        const kept = uploadedAt !== at && { uploadedAt: new Date(uploadedAt).toISOString() };
        const forked = fork && {
          base: fork.base,
          patches: fork.patches.map(({ name, sha256: digest }) => ({ name, sha256: digest })),
        };
        const [raised] = await db.batch<{ revision?: number }>([
          raiseRevision(db, index, project),
          ...(replace
            ? [
                noteUnlinked(db, { index, project, identities: [identity] }, at),
                forgetReplacedProvenance(db, { index, project, identity }, { sha256 }),
              ]
            : []),
          db
            .prepare(replace ? REPLACE_FILE : INSERT_FILE)
            .bind(
              index,
              project,
              identity,
              filename,
              version,
              sha256,
              size,
              object,
              metadataSha256,
              requiresPython ?? null,
              uploadedAt,
            ),
          ...(provenance === undefined ? [] : [provenanceStatement(db, { index, sha256, filename }, provenance)]),
          ...(fork ? [forkStatement(db, fork, { index, project, version, at, author })] : []),
          // Its age says nothing of when this index got it.
          ...(kept ? [noteUses(db, [{ index, project, version, at }])] : []),
          auditEntryStatement(
            db,
            {
              ...author,
              action: "upload",
              index,
              project,
              subject: filename,
              details: { version, sha256, size, ...kept, ...forked },
            },
            at,
          ),
        ]);
        return { isFirst: raised?.results[0]?.revision === 1 };
      }),

    attest: ({ index, project, filename, sha256, provenance, author, at }) =>
      orStorageFailed(async () => {
        const details = { sha256, publisher: publisherLabel(provenance.signer.publisher) };
        await db.batch([
          raiseRevision(db, index, project),
          laterProvenanceStatement(db, { index, sha256, filename }, provenance),
          auditEntryStatement(db, { ...author, action: "attest", index, project, subject: filename, details }, at),
        ]);
      }),
  };
}

const raiseRevision = (db: Database, index: string, project: ProjectName) =>
  db.prepare(RAISE_REVISION).bind(index, project, JSON.stringify(STATUSES_WITHOUT_UPLOADS));

function fileOf({ filename, sha256, object, attested }: Row): PublishedFile | undefined {
  if (filename === null || sha256 === null) return undefined;
  return { filename, sha256, object: object ?? undefined, isAttested: attested === 1 };
}
