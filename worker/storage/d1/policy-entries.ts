import type { EntryCount, PolicyEntryStore, StoredPolicyEntry } from "../../auth/policy-entries.ts";
import type { Database, Statement } from "../../platform/database.ts";
import { fileRuleOf } from "../../pypi/file-rule.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";

const COLUMNS =
  "id, index_name, kind, what, reason, advisory, created_at, created_by, created_by_name, expires_at AS until";

interface Row {
  readonly id: string;
  readonly index_name: string;
  readonly kind: StoredPolicyEntry["kind"];
  readonly what: string;
  readonly reason: string;
  readonly advisory: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly created_by_name: string;
  readonly until: number | null;
}

/** The entries of policies' lists in D1. Triggers raise the revision of their index. */
export const policyEntriesIn = (db: Database): PolicyEntryStore => ({
  add: (entries, { now }) =>
    orStorageFailed(async () => {
      await db.batch(entries.flatMap(({ entry, audit }) => [inserted(db, entry), auditEntryStatement(db, audit, now)]));
    }),

  list: (index) =>
    orStorageFailed(async () => {
      const sql = `SELECT ${COLUMNS} FROM policy_entry WHERE ?1 IS NULL OR index_name = ?1 ORDER BY created_at DESC, id`;
      const { results } = await db
        .prepare(sql)
        .bind(index ?? null)
        .all<Row>();
      return results.map(entryIn);
    }),

  find: (id) =>
    orStorageFailed(async () => {
      const row = await db.prepare(`SELECT ${COLUMNS} FROM policy_entry WHERE id = ?1`).bind(id).first<Row>();
      return row ? entryIn(row) : undefined;
    }),

  remove: (id, audit, { now }) =>
    orStorageFailed(async () => {
      const removed = db.prepare("DELETE FROM policy_entry WHERE id = ?1").bind(id);
      await db.batch([removed, auditEntryStatement(db, audit, now)]);
    }),

  async counts(now) {
    const { results } = await db
      .prepare("SELECT kind, coalesce(expires_at <= ?1, 0) AS ended, count(*) AS count FROM policy_entry GROUP BY 1, 2")
      .bind(now)
      .all<{ kind: EntryCount["kind"]; ended: number; count: number }>();
    return results.map(({ kind, ended, count }) => ({ kind, hasEnded: ended === 1, count }));
  },
});

const inserted = (db: Database, entry: StoredPolicyEntry): Statement =>
  db
    .prepare(
      `INSERT INTO policy_entry (id, index_name, kind, what, reason, advisory, created_at, created_by, created_by_name,
         expires_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
    )
    .bind(
      entry.id,
      entry.index,
      entry.kind,
      entry.rule.text,
      entry.reason,
      entry.advisory ?? null,
      entry.createdAt,
      entry.createdBy,
      entry.createdByName,
      entry.until ?? null,
    );

const entryIn = (row: Row): StoredPolicyEntry => ({
  id: row.id,
  index: row.index_name,
  kind: row.kind,
  rule: fileRuleOf(row.what),
  reason: row.reason,
  advisory: row.advisory ?? undefined,
  createdAt: row.created_at,
  createdBy: row.created_by,
  createdByName: row.created_by_name,
  until: row.until ?? undefined,
});
