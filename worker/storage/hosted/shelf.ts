import { CLOSED } from "../../publishing/closed.ts";
import type { HostedFile, Shelf } from "../../publishing/ports.ts";
import type { Filename } from "../../pypi/filename.ts";
import { recorded } from "../audit.ts";
import { orStorageFailed } from "./failure.ts";
import { leaving } from "./left.ts";

const STANDING = `
  SELECT hosted_project.status, hosted_project.status_reason AS reason,
    hosted_file.filename, hosted_file.sha256, hosted_file.object
  FROM (SELECT ?1 AS index_name, ?2 AS project, ?3 AS identity)
  LEFT JOIN hosted_project USING (index_name, project)
  LEFT JOIN hosted_file USING (index_name, project, identity)`;

/** A project that takes no files gets no revision, which it must have: the transaction ends there. */
const REVISED = `
  INSERT INTO hosted_project (index_name, project, revision) VALUES (?1, ?2, 1)
  ON CONFLICT (index_name, project) DO UPDATE SET
    revision = iif(status IN (SELECT value FROM json_each(?3)), NULL, revision + 1)`;

/** Of two at once the second one finds the row of the first: the transaction ends there. */
const PLACED = `
  INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, metadata_sha256,
    requires_python, uploaded_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`;

const REPLACED = `${PLACED}
  ON CONFLICT (index_name, project, identity) DO UPDATE SET
    filename = excluded.filename, version = excluded.version, sha256 = excluded.sha256, size = excluded.size,
    object = excluded.object, metadata_sha256 = excluded.metadata_sha256, requires_python = excluded.requires_python,
    uploaded_at = excluded.uploaded_at, yanked = NULL, deleted_at = NULL`;

interface Row {
  readonly status: string | null;
  readonly reason: string | null;
  readonly filename: Filename | null;
  readonly sha256: string | null;
  readonly object: string | null;
}

/** The files that indexes host, in D1; its tables are made by schema/migrations. */
export function shelfIn(db: D1Database): Shelf {
  return {
    standing: ({ index, project, identity }) =>
      orStorageFailed(async () => {
        const row = await db.prepare(STANDING).bind(index, project, identity).first<Row>();
        return {
          status: row?.status ? { status: row.status, reason: row.reason ?? undefined } : undefined,
          file: row ? fileOf(row) : undefined,
        };
      }),

    place: ({ index, distribution, sha256, metadataSha256, size, object, uploadedAt, author }, { replace }) =>
      orStorageFailed(async () => {
        const { project, identity, filename, version, requiresPython } = distribution;
        await db.batch([
          db.prepare(REVISED).bind(index, project, JSON.stringify(CLOSED)),
          ...(replace ? [leaving(db, { index, project, identities: [identity] }, uploadedAt)] : []),
          db
            .prepare(replace ? REPLACED : PLACED)
            .bind(
              index,
              project,
              identity,
              filename,
              version,
              sha256,
              size,
              object,
              metadataSha256 ?? null,
              requiresPython ?? null,
              uploadedAt,
            ),
          recorded(
            db,
            { ...author, action: "upload", index, project, subject: filename, details: { version, sha256, size } },
            uploadedAt,
          ),
        ]);
      }),
  };
}

function fileOf({ filename, sha256, object }: Row): HostedFile | undefined {
  return filename === null || sha256 === null ? undefined : { filename, sha256, object: object ?? undefined };
}
