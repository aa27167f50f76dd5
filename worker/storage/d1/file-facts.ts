import type { FactStore, FileFacts } from "../../repository/ports/files.ts";
import type { Database } from "../../platform/database.ts";

interface Row {
  readonly url: string;
  readonly metadata: string | null;
  readonly size: number | null;
  readonly modified_at: number | null;
  readonly unreadable: number | null;
}

/** The facts found out about a source's files, in D1; the table is made by schema/migrations. */
export function fileFactsIn(db: Database, source: string): FactStore {
  return {
    async of(project) {
      const { results } = await db
        .prepare("SELECT url, metadata, size, modified_at, unreadable FROM file WHERE source = ?1 AND project = ?2")
        .bind(source, project)
        .all<Row>();
      return new Map(results.map((row) => [row.url, factsIn(row)]));
    },

    async record(project, url, { metadata, size, modifiedAt, unreadable }) {
      await db
        .prepare(
          `INSERT INTO file (source, project, url, metadata, size, modified_at, unreadable)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
           ON CONFLICT (source, project, url) DO UPDATE SET
             metadata = coalesce(excluded.metadata, metadata),
             size = coalesce(excluded.size, size),
             modified_at = coalesce(excluded.modified_at, modified_at),
             unreadable = coalesce(excluded.unreadable, unreadable)`,
        )
        .bind(
          source,
          project,
          url,
          metadata ?? null,
          size ?? null,
          modifiedAt ?? null,
          unreadable === undefined ? null : Number(unreadable),
        )
        .run();
    },

    async forget(project, urls) {
      await db
        .prepare("DELETE FROM file WHERE source = ?1 AND project = ?2 AND url IN (SELECT value FROM json_each(?3))")
        .bind(source, project, JSON.stringify(urls))
        .run();
    },
  };
}

const factsIn = ({ metadata, size, modified_at, unreadable }: Row): FileFacts => ({
  metadata: metadata ?? undefined,
  size: size ?? undefined,
  modifiedAt: modified_at ?? undefined,
  unreadable: unreadable === 1,
});
