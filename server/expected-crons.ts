import { cronRow } from "../schema/crons.ts";
import type { Database } from "../worker/platform/database.ts";

/**
 * Stores these crons, and no others, as the expected ones: `/-/health` says which of them are overdue.
 *
 * @param now milliseconds since the epoch
 */
export async function expectCrons(db: Database, crons: readonly string[], now = Date.now()): Promise<void> {
  const expected = db.prepare("INSERT INTO job (name, ran_at) VALUES (?1, ?2)");
  await db.batch([
    db.prepare(`DELETE FROM job WHERE name LIKE '${cronRow("%")}'`),
    ...crons.map((cron) => expected.bind(cronRow(cron), now)),
  ]);
}
