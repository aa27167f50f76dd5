import { fileLabel } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { RootEntry } from "../../pypi/simple-json.ts";
import type { MirrorContents } from "../../repository/ports/mirror.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Database } from "../../platform/database.ts";
import { storedRef } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** Names that are read at a time. */
const BATCH = 5_000;

/** A tombstone, which has a size of 0, stands for a file that is not stored. */
const CONTENT = `SELECT p.examined_at AS examinedAt, p.missing, o.key FROM mirror_project AS p
  LEFT JOIN object AS o ON o.source = p.source AND o.project = p.project AND o.mirrored = 1 AND o.size > 0
  WHERE p.source = ?1 AND p.project = ?2 AND p.files > 0`;

const NAMES = `SELECT project AS name FROM mirror_project
  WHERE source = ?1 AND project > ?2 AND files > 0 ORDER BY project LIMIT ${BATCH}`;

interface Row {
  readonly examinedAt: number | null;
  readonly missing: number;
  readonly key: string | null;
}

/** What of a source is mirrored and stored, in D1; the tables are made by schema/migrations. */
export function mirrorContentsIn(db: Database, source: string): MirrorContents {
  async function* names(): AsyncGenerator<readonly RootEntry[]> {
    for (let after = ""; ;) {
      const { results } = await orStorageFailed(() =>
        db.prepare(NAMES).bind(source, after).all<{ name: ProjectName }>(),
      );
      if (results.length > 0) yield results;
      const last = results.at(-1);
      if (!last || results.length < BATCH) return;
      after = last.name;
    }
  }
  return {
    of: (name) =>
      orStorageFailed(async () => {
        const { results } = await db.prepare(CONTENT).bind(source, name).all<Row>();
        const [first] = results;
        if (!first) return null;
        const stored = results.flatMap(({ key }) => (key === null ? [] : storedRef(key)));
        return {
          stored: new Set(stored.map(fileLabel)),
          isComplete: first.missing === 0,
          digest: `${first.examinedAt} ${stored.length} ${first.missing}`,
        };
      }),

    listing: () =>
      orStorageFailed(async () => {
        const row = await db
          .prepare("SELECT names_changed AS at FROM mirror_run WHERE source = ?1")
          .bind(source)
          .first<{ at: number }>();
        const changedAt = row?.at ?? 0;
        return { digest: sha256(`mirror of ${source} ${changedAt}`).slice(0, 32), changedAt, batches: names() };
      }),
  };
}
