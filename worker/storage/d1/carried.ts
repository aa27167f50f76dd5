import type { Database } from "../../platform/database.ts";
import type { Objects } from "../../platform/objects.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Carried, CarriedProject } from "../../repository/ports/carried.ts";
import { carriedKeyOf } from "../keys.ts";
import type { Memory } from "../memory.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { keptBytesIn } from "../r2/kept-bytes.ts";

const UNREADABLE =
  "This was carried here, but its bytes cannot be read right now. Try again in a moment; where that goes on, they are damaged, and a backup has them.";

/** What was carried to a source: rows in D1, bytes in R2. The tables are made by schema/migrations. */
export function carriedIn(db: Database, r2: Objects, memory: Memory<Uint8Array>, source: string): Carried {
  const bytes = keptBytesIn(r2, memory, UNREADABLE);
  const first = <Row>(sql: string, ...values: string[]) =>
    orStorageFailed(() =>
      db
        .prepare(sql)
        .bind(source, ...values)
        .first<Row>(),
    );

  return {
    project: async (name) =>
      (await first<CarriedProject>(
        "SELECT sha256, size, changed_at AS changedAt FROM carried_page WHERE source = ?1 AND project = ?2",
        name,
      )) ?? undefined,

    projects: () =>
      orStorageFailed(async () => {
        const { results } = await db
          .prepare("SELECT project, changed_at AS changedAt FROM carried_page WHERE source = ?1 ORDER BY project")
          .bind(source)
          .all<{ project: ProjectName; changedAt: number }>();
        const changedAt = results.reduce((last, row) => Math.max(last, row.changedAt), 0);
        return { names: results.map(({ project }) => project), changedAt };
      }),

    count: async () => (await first<{ n: number }>("SELECT count(*) AS n FROM carried_page WHERE source = ?1"))?.n ?? 0,

    step: async () =>
      (
        await first<{ n: number | null }>(
          "SELECT max(sequence) AS n FROM carried_step WHERE source = ?1 AND done_at IS NOT NULL",
        )
      )?.n ?? 0,

    provenanceOf: async (file) =>
      (
        await first<{ sha256: string }>(
          "SELECT sha256 FROM carried_object WHERE source = ?1 AND kind = 'provenance' AND file = ?2",
          file,
        )
      )?.sha256,

    read: (sha256) => bytes.whole(carriedKeyOf(sha256)),
    open: (sha256, size, part) => bytes.open(carriedKeyOf(sha256), size, part),
  };
}
