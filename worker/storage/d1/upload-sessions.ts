import type { AnnouncedFile } from "../../publishing/announcement.ts";
import type { UploadSession, UploadSessions } from "../../publishing/upload-sessions.ts";
import { projectCandidates, type Filename } from "../../pypi/filename.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Database, SqlValue } from "../../platform/database.ts";

/** Includes the parts as a JSON object of ETags by number. */
const SESSION = `
  SELECT upload.*, (SELECT json_group_object(number, etag) FROM upload_part WHERE upload = upload.id) AS parts
  FROM upload`;

const BEGIN = `
  INSERT INTO upload (id, index_name, actor, filename, size, sha256, part_size, multipart, begun_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM upload WHERE actor = ?3) < ?10
  ON CONFLICT (actor, index_name, filename, sha256, size) DO NOTHING`;

/** Records nothing for an ended upload, because the row would never be deleted. */
const NOTE = `
  INSERT INTO upload_part (upload, number, etag) SELECT ?1, ?2, ?3 FROM upload WHERE id = ?1
  ON CONFLICT (upload, number) DO UPDATE SET etag = excluded.etag`;

interface Row {
  readonly id: string;
  readonly index_name: string;
  readonly actor: string;
  readonly filename: Filename;
  readonly size: number;
  readonly sha256: string;
  readonly part_size: number;
  readonly multipart: string;
  readonly parts: string;
}

/** Unfinished uploads in D1. The tables are made by schema/migrations. */
export function uploadSessionsIn(db: Database): UploadSessions {
  const first = async (where: string, ...values: readonly SqlValue[]) =>
    orStorageFailed(async () => {
      const row = await db
        .prepare(`${SESSION} WHERE ${where}`)
        .bind(...values)
        .first<Row>();
      return row && sessionOf(row);
    });

  return {
    find: (id) => first("id = ?1", id),

    findSame: ({ index, filename, sha256, size }, actor) =>
      first(
        "actor = ?1 AND index_name = ?2 AND filename = ?3 AND sha256 = ?4 AND size = ?5",
        actor,
        index,
        filename,
        sha256,
        size,
      ),

    begin: ({ id, index, actor, filename, size, sha256, partSize, multipart, begunAt }, limit) =>
      orStorageFailed(async () => {
        const { meta } = await db
          .prepare(BEGIN)
          .bind(id, index, actor, filename, size, sha256, partSize, multipart, begunAt, limit)
          .run();
        return meta.changes > 0;
      }),

    note: (id, number, etag) =>
      orStorageFailed(async () => (await db.prepare(NOTE).bind(id, number, etag).run()).meta.changes > 0),

    forget: (id, number) =>
      orStorageFailed(async () => {
        await db
          .prepare("DELETE FROM upload_part WHERE upload = ?1 AND number = coalesce(?2, number)")
          .bind(id, number ?? null)
          .run();
      }),

    end: (id) =>
      orStorageFailed(async () => {
        await db.batch([
          db.prepare("DELETE FROM upload_part WHERE upload = ?1").bind(id),
          db.prepare("DELETE FROM upload WHERE id = ?1").bind(id),
        ]);
      }),

    findSameNamed: ({ index, projects, filename }: AnnouncedFile) =>
      orStorageFailed(async () => {
        const row = await db
          .prepare(
            `SELECT f.sha256, f.object, h.sha256 IS NOT NULL AS attested
             FROM hosted_file AS f LEFT JOIN hosted_provenance AS h USING (index_name, sha256, filename)
             WHERE f.index_name = ?1 AND f.project IN (SELECT value FROM json_each(?2)) AND f.filename = ?3`,
          )
          .bind(index, JSON.stringify(projects), filename)
          .first<{ sha256: string; object: string | null; attested: number }>();
        return row ? { sha256: row.sha256, isThere: row.object !== null, isAttested: row.attested === 1 } : undefined;
      }),
  };
}

function sessionOf(row: Row): UploadSession {
  const { id, actor, filename, size, sha256, multipart } = row;
  const etags = JSON.parse(row.parts) as Record<string, string>;
  return {
    id,
    index: row.index_name,
    actor,
    filename,
    projects: projectCandidates(filename),
    size,
    sha256,
    partSize: row.part_size,
    multipart,
    parts: new Map(Object.entries(etags).map(([number, etag]) => [Number(number), etag])),
  };
}
