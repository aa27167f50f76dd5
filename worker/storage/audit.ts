import type { Deed } from "../auth/deed.ts";

/** The statement that adds a deed to the audit log, for the transaction that does it. `at` in milliseconds since the epoch. */
export function recorded(db: D1Database, deed: Deed, at: number): D1PreparedStatement {
  const { principal, origin, action, index, project, subject, details } = deed;
  return db
    .prepare(
      `INSERT INTO audit (at, actor, actor_name, origin, action, index_name, project, subject, details)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
    )
    .bind(at, principal.id, principal.name, origin, action, index, project, subject, JSON.stringify(details ?? {}));
}
