import { DAY } from "../../duration.ts";
import type { AuditEntry, AuditFilter, AuditLog, AuditOrder } from "../../publishing/releases/audit-log.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import type { Database } from "../../platform/database.ts";

const COLUMNS =
  'id, at, actor, actor_name AS actorName, origin, action, index_name AS "index", project, subject, details';

/** By less than this the times of entries are out of the order in which they were written: clocks differ. Milliseconds. */
const OUT_OF_ORDER = DAY;

/**
 * What entries must be like, by the parts of a filter; `?` stands for the value. Each is an index or a range of ids: of one condition for
 * all filters SQLite would make a scan of the whole log.
 */
const CONDITIONS: Readonly<Record<Exclude<keyof AuditFilter, "actor">, string>> = {
  after: "id > ?",
  before: "id < ?",
  since: `at >= ? AND id > coalesce((SELECT id FROM audit WHERE at < ? - ${OUT_OF_ORDER} ORDER BY at DESC LIMIT 1), 0)`,
  until: `at < ? AND id < coalesce((SELECT id FROM audit WHERE at >= ? + ${OUT_OF_ORDER} ORDER BY at LIMIT 1), ${Number.MAX_SAFE_INTEGER})`,
  index: "index_name = ?",
  project: "project = ?",
  action: "action = ?",
};

/**
 * The statement that reads entries, ordered by id, which is the order of writing. Times would not do: the clocks of isolates differ.
 *
 * @returns it, and the values to bind
 */
export function auditQuery(filter: AuditFilter, order: AuditOrder, limit: number) {
  const { actor, ...others } = filter;
  const values: (string | number)[] = [];
  const place = (value: string | number) => `?${values.push(value)}`;
  const conditions = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [CONDITIONS[name as keyof typeof others].replaceAll("?", place(value))],
  );
  const named = actor === undefined ? undefined : place(actor);
  // Two questions, each in the order of ids, that SQLite merges: for an OR it would sort all that either has.
  const questions = named === undefined ? [[]] : [[`actor = ${named}`], [`actor_name = ${named}`]];
  const selects = questions.map((more) =>
    [`SELECT ${COLUMNS} FROM audit`, [...more, ...conditions].join(" AND ")].filter(Boolean).join(" WHERE "),
  );
  const sql = `${selects.join(" UNION ")} ORDER BY id ${order === "oldest" ? "ASC" : "DESC"} LIMIT ${place(limit)}`;
  return { sql, values };
}

/** The audit log in D1. */
export const auditLogIn = (db: Database): AuditLog => ({
  async add(entry, at) {
    await orStorageFailed(() => auditEntryStatement(db, entry, at).run());
  },

  read: (question, order, limit) =>
    orStorageFailed(async () => {
      const { sql, values } = auditQuery(question, order, limit);
      return (
        await db
          .prepare(sql)
          .bind(...values)
          .all<AuditEntry>()
      ).results;
    }),
});
