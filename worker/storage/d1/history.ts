import { DAY } from "../../duration.ts";
import type { Database } from "../../platform/database.ts";
import type { History, Reading } from "../../repository/ports/history.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** How long a reading is kept: the longest span that is plotted, and a day. Milliseconds. */
const KEPT = 91 * DAY;

/** Readings in D1. The table is made by schema/migrations. */
export const historyIn = (db: Database): History => ({
  async record({ at, figures }) {
    await orStorageFailed(() =>
      db.batch([
        db
          .prepare("INSERT INTO figures (at, figures) VALUES (?1, ?2) ON CONFLICT (at) DO UPDATE SET figures = ?2")
          .bind(at, JSON.stringify(figures)),
        db.prepare("DELETE FROM figures WHERE at < ?1").bind(at - KEPT),
      ]),
    );
  },

  since: (from) =>
    orStorageFailed(async () => {
      const { results } = await db
        .prepare(
          "SELECT at, figures FROM figures WHERE at >= coalesce((SELECT max(at) FROM figures WHERE at <= ?1), ?1) ORDER BY at",
        )
        .bind(from)
        .all<{ at: number; figures: string }>();
      return results.map(({ at, figures }) => ({ at, figures: JSON.parse(figures) as Reading["figures"] }));
    }),
});
