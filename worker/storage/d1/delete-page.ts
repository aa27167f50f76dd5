import { DAY } from "../../duration.ts";
import type { Database, SqlValue, Statement } from "../../platform/database.ts";

/** The row of a source's page that is to be deleted, where it meets a condition. */
export interface DeletedPage {
  readonly source: string;
  readonly project: string;
  /** SQL over the columns of `page`; its parameters are `?3`, `?4` and so on. */
  readonly condition: string;
  readonly values: readonly SqlValue[];
}

/**
 * The statements, for one batch, that delete the row of a page and note when. Data centres compare their copies of pages with
 * that: a row that is missing tells them nothing.
 *
 * @param now milliseconds since the epoch
 */
export function deletePage(
  db: Database,
  { source, project, condition, values }: DeletedPage,
  now: number,
): Statement[] {
  const row = `FROM page WHERE source = ?1 AND project = ?2 AND ${condition}`;
  return [
    db
      .prepare(
        `INSERT INTO deleted_page (source, project, deleted_at) SELECT source, project, ?${values.length + 3} ${row}
         ON CONFLICT (source, project) DO UPDATE SET deleted_at = excluded.deleted_at`,
      )
      .bind(source, project, ...values, now),
    db.prepare(`DELETE ${row}`).bind(source, project, ...values),
    db.prepare("DELETE FROM deleted_page WHERE deleted_at < ?1").bind(now - DAY),
  ];
}
