import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import type { Database, Statement } from "../../platform/database.ts";

/**
 * The statement that adds an entry to the audit log. It runs in the transaction that makes the change. `at` in milliseconds
 * since the epoch.
 */
export function auditEntryStatement(db: Database, entry: NewAuditEntry, at: number): Statement {
  const { principal, origin, action, index, project, subject, details } = entry;
  return db
    .prepare(
      `INSERT INTO audit (at, actor, actor_name, origin, action, index_name, project, subject, details)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
    )
    .bind(at, principal.id, principal.name, origin, action, index, project, subject, JSON.stringify(details ?? {}));
}
