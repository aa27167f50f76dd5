import type { TufMetadata } from "../../../schema/trusted-root.ts";
import type { TrustedRootStore } from "../../auth/trusted-root.ts";
import type { Database } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";

interface Row {
  readonly root: string;
  readonly source: string;
  readonly metadata: string;
  readonly taken_at: number;
}

const REPLACE = `INSERT INTO trusted_root (id, root, source, metadata, taken_at) VALUES (0, ?1, ?2, ?3, ?4)
  ON CONFLICT (id) DO UPDATE SET
    root = excluded.root, source = excluded.source, metadata = excluded.metadata, taken_at = excluded.taken_at`;

/** The trusted root that an admin has stored, in D1; the table is made by schema/migrations. */
export const trustedRootIn = (db: Database): TrustedRootStore => ({
  read: () =>
    orStorageFailed(async () => {
      const row = await db.prepare("SELECT root, source, metadata, taken_at FROM trusted_root").first<Row>();
      if (!row) return undefined;
      const { root, source, metadata, taken_at: takenAt } = row;
      return { root, source, metadata: JSON.parse(metadata) as TufMetadata, takenAt };
    }),

  replace: ({ root, source, metadata, takenAt }, audit) =>
    orStorageFailed(async () => {
      const placed = db.prepare(REPLACE).bind(root, source, JSON.stringify(metadata), takenAt);
      await db.batch([placed, auditEntryStatement(db, audit, takenAt)]);
    }),
});
