import type { HostedAmounts } from "../../publishing/releases/ports.ts";
import type { Database } from "../../platform/database.ts";

/** Few files are in the trash: the index that has these alone is read. */
const TOTAL = `SELECT projects, files, bytes,
    (SELECT coalesce(sum(size), 0) FROM hosted_file WHERE trashed IS NOT NULL AND object IS NULL) AS trashed
  FROM hosted`;

/** Totals of what indexes host, in D1. Triggers maintain those of files that are not deleted. */
export const hostedAmountsIn = (db: Database): HostedAmounts => ({
  total: async () =>
    (await db.prepare(TOTAL).first<Awaited<ReturnType<HostedAmounts["total"]>>>()) ?? {
      projects: 0,
      files: 0,
      bytes: 0,
      trashed: 0,
    },
});
