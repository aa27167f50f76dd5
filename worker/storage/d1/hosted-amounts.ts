import type { HostedAmounts } from "../../publishing/releases/ports.ts";
import type { Database } from "../../platform/database.ts";

/** Totals of what indexes host, in D1. Triggers maintain them, so that reading them costs one row. */
export const hostedAmountsIn = (db: Database): HostedAmounts => ({
  total: async () =>
    (await db
      .prepare("SELECT projects, files, bytes FROM hosted")
      .first<Awaited<ReturnType<HostedAmounts["total"]>>>()) ?? { projects: 0, files: 0, bytes: 0 },
});
