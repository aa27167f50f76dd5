import { WEEK } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { FailedAbort, KeptObjects, OrphanObject, Cleanup } from "../../repository/ports/maintenance.ts";
import { HOSTED_PREFIX, stagingKey, uploadedObject } from "../keys.ts";
import type { Database } from "../../platform/database.ts";
import { UPLOAD_PREFIXES, type Objects } from "../../platform/objects.ts";
import { listOn, type ListingBounds } from "./listing.ts";

/** Uploads that one run aborts at most, because each takes a call. */
const MAX_UPLOADS = 100;

const MAX_TOKENS = 1_000;

/** For each key: whether a file in any index has it, or in its trash, or had it lately; and whether the database has any file at all. */
const IN_USE = `SELECT value AS object,
    EXISTS (SELECT 1 FROM hosted_file WHERE object = value)
      OR EXISTS (SELECT 1 FROM hosted_file WHERE trashed = value)
      OR EXISTS (SELECT 1 FROM unlinked_object WHERE object = value AND unlinked_at >= ?2) AS owned,
    EXISTS (SELECT 1 FROM hosted_file) AS anything
  FROM json_each(?1)`;

/** In random order: uploads that cannot be aborted must not block the others. */
const UNFINISHED =
  "SELECT id, filename, multipart, begun_at AS begunAt FROM upload WHERE begun_at < ?1 ORDER BY random() LIMIT ?2";
const UPLOADS_ENDED = "DELETE FROM upload WHERE id IN (SELECT value FROM json_each(?1))";
/** Includes parts that arrived while their upload was aborted. */
const PARTS_ENDED = "DELETE FROM upload_part WHERE upload NOT IN (SELECT id FROM upload)";

const BEFORE = "iif(minted_for IS NULL, ?1, ?2)";
const ENDED = `FROM token WHERE revoked_at < ${BEFORE} OR expires_at < ${BEFORE}`;

/** R2 itself aborts unfinished uploads after this. From then on, a failed abort does not matter. Milliseconds. */
const ABORTED_BY_R2 = WEEK;

/** The database's answer is not reliable, so nothing may be deleted. */
class UnreliableAnswer extends Error {
  readonly reason: KeptObjects["reason"];

  constructor(reason: KeptObjects["reason"]) {
    super(reason);
    this.reason = reason;
  }
}

/** What one run has done. */
interface Sum {
  seen: number;
  readonly deleted: OrphanObject[];
}

/** Finds and deletes what uploads left behind in R2 and D1. The tables are made by schema/migrations. */
export function orphansIn(
  db: Database,
  r2: Objects,
  bounds: ListingBounds = { batch: 1_000, listings: 5 },
): Omit<Cleanup, "trash"> {
  /**
   * The objects that no file has now or had since `before`, according to D1. A key is never reused, so they stay orphans.
   */
  async function orphansAmong(
    prefix: string,
    objects: readonly OrphanObject[],
    before: number,
  ): Promise<OrphanObject[]> {
    const asked = [...new Set(objects.flatMap(({ key }) => uploadedObject(key) ?? []))];
    if (asked.length === 0) return [];
    const { results } = await db
      .prepare(IN_USE)
      .bind(JSON.stringify(asked), before)
      .all<{ object: string; owned: number; anything: number }>();
    const owned = new Map(results.map((row) => [row.object, row.owned]));
    if (owned.size !== asked.length) throw new UnreliableAnswer("incomplete-answer");
    // A database that was emptied, or is another one, must not cost the files.
    if (prefix === HOSTED_PREFIX && results.some(({ anything }) => anything !== 1)) {
      throw new UnreliableAnswer("no-files-in-database");
    }
    return objects.filter(({ key }) => owned.get(uploadedObject(key) ?? "") === 0);
  }

  /** Deletes the orphans under one prefix. `sum` has what was done even if this throws. */
  async function deleteUnder(prefix: string, before: number, dryRun: boolean, sum: Sum): Promise<void> {
    for await (const { objects, after, next, record } of listOn(db, r2, prefix, bounds)) {
      sum.seen += objects.length;
      const old = objects.filter(({ uploaded }) => uploaded.getTime() < before);
      const orphans = await orphansAmong(prefix, old, before);
      if (!dryRun) {
        if (orphans.length > 0) await r2.delete(orphans.map(({ key }) => key));
        if (next !== after) await record.run();
      }
      sum.deleted.push(...orphans.map(({ key, size }) => ({ key, size })));
    }
  }

  return {
    async objects(before, dryRun) {
      const sum: Sum = { seen: 0, deleted: [] };
      const kept: KeptObjects[] = [];
      for (const prefix of UPLOAD_PREFIXES) {
        try {
          await deleteUnder(prefix, before[prefix], dryRun, sum);
        } catch (error) {
          if (!(error instanceof UnreliableAnswer)) throw error;
          kept.push({ prefix, reason: error.reason });
        }
      }
      if (!dryRun)
        await db.prepare("DELETE FROM unlinked_object WHERE unlinked_at < ?1").bind(before[HOSTED_PREFIX]).run();
      return { ...sum, kept };
    },

    async uploads(before, dryRun) {
      const { results } = await db
        .prepare(UNFINISHED)
        .bind(before, MAX_UPLOADS)
        .all<{ id: string; filename: string; multipart: string; begunAt: number }>();
      if (dryRun) return { ended: results.map(({ filename }) => filename), failed: [] };
      const failed: FailedAbort[] = [];
      const ended: typeof results = [];
      for (const upload of results) {
        const { id, filename, multipart, begunAt } = upload;
        try {
          await r2.resumeMultipartUpload(stagingKey(id), multipart).abort();
        } catch (error) {
          if (begunAt >= before - ABORTED_BY_R2) {
            failed.push({ filename, reason: messageOf(error) });
            continue;
          }
        }
        ended.push(upload);
      }
      const ids = JSON.stringify(ended.map(({ id }) => id));
      await db.batch([db.prepare(UPLOADS_ENDED).bind(ids), db.prepare(PARTS_ENDED)]);
      return { ended: ended.map(({ filename }) => filename), failed };
    },

    async tokens({ made, minted }, dryRun) {
      if (dryRun) {
        const row = await db.prepare(`SELECT count(*) AS n ${ENDED}`).bind(made, minted).first<{ n: number }>();
        return row?.n ?? 0;
      }
      const gone = `DELETE FROM token WHERE id IN (SELECT id ${ENDED} LIMIT ?3) RETURNING 1`;
      return (await db.prepare(gone).bind(made, minted, MAX_TOKENS).all()).results.length;
    },
  };
}
