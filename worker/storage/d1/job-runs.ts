import type { Runs } from "../../repository/ports/maintenance.ts";
import type { Database } from "../../platform/database.ts";

/** When jobs last ran, in D1: the next run may be in another isolate. */
export function jobRunsIn(db: Database): Runs {
  return {
    async last(job) {
      const row = await db.prepare("SELECT ran_at AS at FROM job WHERE name = ?1").bind(job).first<{ at: number }>();
      return row?.at;
    },

    async all() {
      const { results } = await db.prepare("SELECT name, ran_at AS at FROM job").all<{ name: string; at: number }>();
      return new Map(results.map(({ name, at }) => [name, at]));
    },

    async note(job, at) {
      await db
        .prepare("INSERT INTO job (name, ran_at) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET ran_at = ?2")
        .bind(job, at)
        .run();
    },
  };
}
