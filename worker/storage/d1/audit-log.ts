import type { AuditEntry, AuditLog } from "../../publishing/releases/audit-log.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Database } from "../../platform/database.ts";

/** Ordered by id, which is the order of writing. Times would not do: the clocks of isolates differ. */
const READ = `SELECT id, at, actor, actor_name AS actorName, origin, action, index_name AS "index", project, subject, details
  FROM audit
  WHERE id > ?1 AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR index_name = ?3)
    AND (?4 IS NULL OR project = ?4) AND (?5 IS NULL OR actor = ?5 OR actor_name = ?5)
  ORDER BY id LIMIT ?6`;

export const auditLogIn = (db: Database): AuditLog => ({
  read: ({ after, since, index, project, actor }, limit) =>
    orStorageFailed(async () => {
      const statement = db
        .prepare(READ)
        .bind(after, since ?? null, index ?? null, project ?? null, actor ?? null, limit);
      return (await statement.all<AuditEntry>()).results;
    }),
});
