import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import type { Database, Statement } from "../../platform/database.ts";

/**
 * The actor, or NULL, which the table refuses, where it is a token that was revoked: a change that was asked for before and is made
 * after, since its body came slowly, fails as a whole. A token may revoke itself.
 */
const ACTOR = "iif(?2 <> ?8 AND EXISTS (SELECT 1 FROM token WHERE id = ?2 AND revoked_at IS NOT NULL), NULL, ?2)";

/** What the database says of the NULL. */
export const IS_OF_REVOKED = /NOT NULL constraint failed: audit\.actor\b/;

/**
 * The statement that adds an entry to the audit log. It runs in the transaction that makes the change, which fails where the
 * entry's author has been revoked. `at` in milliseconds since the epoch.
 */
export const auditEntryStatement = (db: Database, entry: NewAuditEntry, at: number): Statement =>
  auditEntryWhere(db, entry, at, "true", []);

/**
 * The same, which adds it only where a condition holds.
 *
 * @param condition in SQL; its values are `?10`, `?11`, …
 */
export function auditEntryWhere(
  db: Database,
  entry: NewAuditEntry,
  at: number,
  condition: string,
  values: readonly (string | number)[],
): Statement {
  const { principal, origin, action, index, project, subject, details } = entry;
  return db
    .prepare(
      `INSERT INTO audit (at, actor, actor_name, origin, action, index_name, project, subject, details)
       SELECT ?1, ${ACTOR}, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ${condition}`,
    )
    .bind(
      at,
      principal.id,
      principal.name,
      origin,
      action,
      index,
      project,
      subject,
      JSON.stringify(details ?? {}),
      ...values,
    );
}
