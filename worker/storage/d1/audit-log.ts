import type { AuditEntry, AuditLog, AuditOrder } from "../../publishing/releases/audit-log.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import type { Database } from "../../platform/database.ts";

/** Ordered by id, which is the order of writing. Times would not do: the clocks of isolates differ. */
const reading = (
  order: "ASC" | "DESC",
) => `SELECT id, at, actor, actor_name AS actorName, origin, action, index_name AS "index", project, subject, details
  FROM audit
  WHERE id > ?1 AND id < ?2 AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
    AND (?5 IS NULL OR index_name = ?5) AND (?6 IS NULL OR project = ?6)
    AND (?7 IS NULL OR actor = ?7 OR actor_name = ?7) AND (?8 IS NULL OR action = ?8)
  ORDER BY id ${order} LIMIT ?9`;

const READ: Readonly<Record<AuditOrder, string>> = { oldest: reading("ASC"), newest: reading("DESC") };

export const auditLogIn = (db: Database): AuditLog => ({
  async add(entry, at) {
    await orStorageFailed(() => auditEntryStatement(db, entry, at).run());
  },

  read: ({ after = 0, before = Number.MAX_SAFE_INTEGER, since, until, index, project, actor, action }, order, limit) =>
    orStorageFailed(async () => {
      const selected = [since, until, index, project, actor, action].map((value) => value ?? null);
      const statement = db.prepare(READ[order]).bind(after, before, ...selected, limit);
      return (await statement.all<AuditEntry>()).results;
    }),
});
