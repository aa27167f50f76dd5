import type { ProjectName } from "../pypi/name.ts";
import type { StoredHead } from "../repository/stored.ts";

/** What D1 knows of one source: which projects' pages are kept. KV cannot be counted or queried. */
export interface Catalog extends Counting {
  pageStored(name: ProjectName, head: StoredHead): Promise<void>;
  pageDeleted(name: ProjectName): Promise<void>;
  /** Whether the project's page is kept. */
  has(name: ProjectName): Promise<boolean>;
}

/** What can say how many projects' pages are kept. */
export interface Counting {
  count(): Promise<number>;
}

/** How long a count is believed: D1 reads every row for it, and anybody may ask. Milliseconds. */
const COUNT_TTL = 60_000;

/**
 * Several sources counted as one: a project that two of them have counts twice.
 *
 * @param now milliseconds since the epoch
 */
export function together(catalogs: readonly Catalog[], now: () => number): Counting {
  let counted: { readonly sum: number; readonly until: number } | undefined;
  return {
    async count() {
      if (counted && now() < counted.until) return counted.sum;
      const counts = await Promise.all(catalogs.map((catalog) => catalog.count()));
      const sum = counts.reduce((total, count) => total + count, 0);
      counted = { sum, until: now() + COUNT_TTL };
      return sum;
    },
  };
}

/** The catalog in D1; its table is made by schema/migrations. */
export function catalogOf(db: D1Database, source: string): Catalog {
  return {
    async pageStored(name, { serial, changedAt }) {
      await db
        .prepare(
          `INSERT INTO page (source, project, serial, changed_at) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (source, project) DO UPDATE SET serial = excluded.serial, changed_at = excluded.changed_at`,
        )
        .bind(source, name, serial === undefined ? null : Number(serial), changedAt)
        .run();
    },
    async pageDeleted(name) {
      await db.prepare("DELETE FROM page WHERE source = ?1 AND project = ?2").bind(source, name).run();
    },
    async has(name) {
      const row = await db.prepare("SELECT 1 FROM page WHERE source = ?1 AND project = ?2").bind(source, name).first();
      return row !== null;
    },
    async count() {
      const row = await db
        .prepare("SELECT count(*) AS n FROM page WHERE source = ?1")
        .bind(source)
        .first<{ n: number }>();
      return row?.n ?? 0;
    },
  };
}
