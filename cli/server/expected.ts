import type { Miniflare } from "miniflare";
import { cronRow } from "../../schema/crons.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Notes that these crons are expected from now on, and no others: `/-/health` says which are overdue. */
export async function expectCrons(db: Database, crons: readonly string[]): Promise<void> {
  const expected = db.prepare("INSERT INTO job (name, ran_at) VALUES (?1, ?2)");
  await db.batch([
    db.prepare(`DELETE FROM job WHERE name LIKE '${cronRow("%")}'`),
    ...crons.map((cron) => expected.bind(cronRow(cron), Date.now())),
  ]);
}
