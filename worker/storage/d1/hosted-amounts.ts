import type { HostedAmounts } from "../../publishing/releases/ports.ts";
import type { Database } from "../../platform/database.ts";

/** Few files are in the trash: the index that has these alone is read. */
const TOTAL = `SELECT projects, files, bytes,
    (SELECT coalesce(sum(size), 0) FROM hosted_file WHERE trashed IS NOT NULL AND object IS NULL) AS trashed
  FROM hosted`;

const OUTSIDE = `SELECT index_name AS "index", count(*) AS projects FROM hosted_project
  WHERE index_name NOT IN (SELECT value FROM json_each(?1)) GROUP BY index_name ORDER BY index_name`;

/** Totals of what indexes host, in D1. Triggers maintain those of files that are not deleted. */
export const hostedAmountsIn = (db: Database): HostedAmounts => ({
  async outside(indexes) {
    const found = db.prepare(OUTSIDE).bind(JSON.stringify(indexes));
    return (await found.all<{ index: string; projects: number }>()).results;
  },
  total: async () =>
    (await db.prepare(TOTAL).first<Awaited<ReturnType<HostedAmounts["total"]>>>()) ?? {
      projects: 0,
      files: 0,
      bytes: 0,
      trashed: 0,
    },
});
