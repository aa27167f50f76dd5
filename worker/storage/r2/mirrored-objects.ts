import type {
  StoredAmount,
  PagelessProject,
  Reconciled,
  StoredObject,
  StoredObjects,
} from "../../repository/ports/stored-objects.ts";
import { MIRRORED, mirroredFrom } from "../keys.ts";
import type { Database, SqlValue } from "../../platform/database.ts";
import type { ObjectHead, Objects } from "../../platform/objects.ts";
import { listOn } from "./listing.ts";

/** How many keys R2 deletes in one call. */
const BATCH = 1_000;

/** How much is listed in one reconciliation. */
const BOUNDS = { batch: 1_000, listings: 5 };

const AMOUNT = "SELECT objects, bytes FROM stored";

/** A row that was made since its project was last looked at may be of a file that is mirrored. */
const IS_NOT_MIRRORED = `mirrored = 0 AND NOT EXISTS (
    SELECT 1 FROM mirror_project AS m WHERE m.source = object.source AND m.project = object.project
      AND coalesce(m.examined_at, 0) <= object.known_at
  )`;

export const SELECT_OLDEST = `SELECT key, size, used_at AS usedAt FROM object
  WHERE used_at < ?1 AND known_at < ?1 AND ${IS_NOT_MIRRORED} ORDER BY used_at, key LIMIT ?2`;

/** In random order: projects whose sources cannot be asked would otherwise keep the rest waiting. */
const PAGELESS = `SELECT source, project FROM object
  WHERE source IN (SELECT value FROM json_each(?1)) AND project <> ''
  GROUP BY source, project
  HAVING max(used_at) < ?2 AND max(known_at) < ?2
    AND NOT EXISTS (SELECT 1 FROM page WHERE page.source = object.source AND page.project = object.project)
    AND NOT EXISTS (SELECT 1 FROM mirror_project AS m WHERE m.source = object.source AND m.project = object.project)
  ORDER BY random() LIMIT ?3`;

const OF_PROJECT = `SELECT key, size, used_at AS usedAt FROM object
  WHERE source = ?1 AND project = ?2 AND used_at < ?3 AND known_at < ?3 ORDER BY used_at, key LIMIT ?4`;

const OF_OTHERS = `SELECT source, count(*) AS objects, sum(size) AS bytes FROM object
  WHERE source NOT IN (SELECT value FROM json_each(?1)) GROUP BY source ORDER BY source`;

const REMOVE = "DELETE FROM object WHERE key IN (SELECT value FROM json_each(?1)) AND used_at < ?2";

/** Writes nothing where the record is right. `WHERE true` ends the SELECT before ON. */
const FOUND = `INSERT INTO object (key, source, project, size, used_at, known_at)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2 FROM json_each(?1) WHERE true
  ON CONFLICT (key) DO UPDATE SET size = excluded.size WHERE size <> excluded.size RETURNING 1`;

/** The records in the listed range whose objects were not listed. */
const ARE_GONE = "key > ?2 AND key <= ?3 AND used_at < ?4 AND key NOT IN (SELECT value ->> 0 FROM json_each(?1))";

/** Asked first, so that the records are read once where none is gone, as nearly always. */
const ANY_GONE = `SELECT 1 FROM object WHERE ${ARE_GONE} LIMIT 1`;

/** What is mirrored on purpose and is gone is fetched again: by the records it is stored until then. */
const GONE_DUE = `UPDATE mirror_project SET due_at = min(coalesce(due_at, ?5), ?5)
  WHERE (source, project) IN (SELECT source, project FROM object WHERE mirrored = 1 AND ${ARE_GONE})`;

const GONE = `DELETE FROM object WHERE ${ARE_GONE} RETURNING 1`;

/** The mirrored files in R2 and their records in D1; the tables are made by schema/migrations. */
export function mirroredObjectsIn(db: Database, r2: Objects): StoredObjects {
  const all = async <Row>(sql: string, ...values: SqlValue[]) =>
    (
      await db
        .prepare(sql)
        .bind(...values)
        .all<Row>()
    ).results;

  /** Compares what R2 lists under a prefix with the records in D1, from where the last call ended. */
  async function reconcileUnder(prefix: string, before: number, now: number): Promise<Reconciled> {
    let [seen, found, gone] = [0, 0, 0];
    for await (const { objects, after, next, record } of listOn(db, r2, prefix, BOUNDS, ["customMetadata"])) {
      const rows = JSON.stringify(objects.flatMap(rowsOf));
      const range = [rows, after || prefix, next || endOf(prefix), before] as const;
      const [added, anyGone] = await db.batch([db.prepare(FOUND).bind(rows, now), db.prepare(ANY_GONE).bind(...range)]);
      seen += objects.length;
      found += added?.results.length ?? 0;
      if (anyGone?.results.length === 0) {
        await record.run();
        continue;
      }
      const [, forgotten] = await db.batch([
        db.prepare(GONE_DUE).bind(...range, now),
        db.prepare(GONE).bind(...range),
        record,
      ]);
      gone += forgotten?.results.length ?? 0;
    }
    return { seen, found, gone };
  }

  return {
    total: async () => (await db.prepare(AMOUNT).first<StoredAmount>()) ?? { objects: 0, bytes: 0 },
    oldest: (before, limit) => all<StoredObject>(SELECT_OLDEST, before, limit),
    pageless: (sources, before, limit) => all<PagelessProject>(PAGELESS, JSON.stringify(sources), before, limit),
    ofProject: ({ source, project }, before, limit) => all<StoredObject>(OF_PROJECT, source, project, before, limit),
    ofOthers: (sources) => all<StoredAmount & { source: string }>(OF_OTHERS, JSON.stringify(sources)),

    async remove(objects, before) {
      for (let at = 0; at < objects.length; at += BATCH) {
        const keys = objects.slice(at, at + BATCH).map(({ key }) => key);
        const foreign = keys.find((key) => mirroredFrom(key) === undefined);
        if (foreign !== undefined) throw new Error(`${foreign} is no mirrored file and must not be deleted`);
        await r2.delete(keys);
        await db.prepare(REMOVE).bind(JSON.stringify(keys), before).run();
      }
    },

    async reconcile(before, now) {
      const sum = { seen: 0, found: 0, gone: 0 };
      for (const prefix of MIRRORED) {
        const { seen, found, gone } = await reconcileUnder(prefix, before, now);
        sum.seen += seen;
        sum.found += found;
        sum.gone += gone;
      }
      return sum;
    },
  };
}

/** The record of an object; none for an object with a key that is not ours. */
function rowsOf({ key, size, uploaded, customMetadata }: ObjectHead) {
  const source = mirroredFrom(key);
  return source === undefined ? [] : [[key, source, customMetadata?.["project"] ?? "", size, uploaded.getTime()]];
}

/** The first string after all keys with this prefix, which ends in a slash ("0" follows "/" in ASCII). */
const endOf = (prefix: string) => `${prefix.slice(0, -1)}0`;
