import type { CarriedEntries } from "../../carrying/ports.ts";
import type { Database } from "../../platform/database.ts";
import { freshId } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";

/** In the place of a token's id: no token has it. */
const CARRIED = "carried";

const ADD = `INSERT INTO policy_entry (id, index_name, kind, what, reason, advisory, created_at, created_by, created_by_name,
    expires_at)
  SELECT value ->> 'id', ?1, value ->> 'kind', value ->> 'what', value ->> 'reason', value ->> 'advisory', ?3, '${CARRIED}', ?4,
    value ->> 'until' FROM json_each(?2)`;

/** The entries of policies' lists that were carried, in D1. Triggers raise the revision of their index. */
export const carriedEntriesIn = (db: Database): CarriedEntries => ({
  replace: (index, entries, audit, now) =>
    orStorageFailed(async () => {
      const rows = JSON.stringify(entries.map((entry) => ({ ...entry, id: freshId() })));
      await db.batch([
        db.prepare(`DELETE FROM policy_entry WHERE index_name = ?1 AND created_by = '${CARRIED}'`).bind(index),
        db.prepare(ADD).bind(index, rows, now, audit.subject),
        auditEntryStatement(db, audit, now),
      ]);
    }),
});
