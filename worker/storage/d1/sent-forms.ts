import { DAY } from "../../duration.ts";
import type { SentForms } from "../../auth/ports.ts";
import type { Database } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** How long a form is remembered: longer than a session, without which it is worth nothing. Milliseconds. */
const KEPT = DAY;

/** Forms in D1. */
export const sentFormsIn = (db: Database): SentForms => ({
  claim: (value, now) =>
    orStorageFailed(async () => {
      const [, inserted] = await db.batch([
        db.prepare("DELETE FROM sent_form WHERE at < ?1").bind(now - KEPT),
        db.prepare("INSERT INTO sent_form (value, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING").bind(value, now),
      ]);
      return (inserted?.meta.changes ?? 0) > 0;
    }),

  release: (value) =>
    orStorageFailed(async () => {
      await db.prepare("DELETE FROM sent_form WHERE value = ?1").bind(value).run();
    }),
});
