import type { Miniflare } from "miniflare";
import { cronRow } from "../../schema/crons.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Stores these crons, and no others, as the expected ones: `/-/health` says which of them are overdue. */
export async function expectCrons(db: Database, crons: readonly string[]): Promise<void> {
  const expected = db.prepare("INSERT INTO job (name, ran_at) VALUES (?1, ?2)");
  await db.batch([
    db.prepare(`DELETE FROM job WHERE name LIKE '${cronRow("%")}'`),
    ...crons.map((cron) => expected.bind(cronRow(cron), Date.now())),
  ]);
}
