import { messageOf } from "../../errors.ts";
import type { LeftObject, Leftovers } from "../../repository/ports/maintenance.ts";
import { HOSTED_PREFIX, stagingKey, UPLOADED, uploadedObject } from "../keys.ts";

/** How much is looked at in one run. */
export interface Bounds {
  /** Keys of one listing; R2 lists no more than 1,000, and deletes no more in one call. */
  readonly batch: number;
  /** Listings of each prefix. */
  readonly listings: number;
}

/** Uploads that one run gives up at the most: each is a call. */
const MAX_UPLOADS = 100;

/** Tokens that one run deletes at the most. */
const MAX_TOKENS = 1_000;

/** Of each key whether a file is made of it, in any index, or was lately; and whether anything is known of any file. */
const OWNED = `SELECT value AS object,
    EXISTS (SELECT 1 FROM hosted_file WHERE object = value)
      OR EXISTS (SELECT 1 FROM hosted_left WHERE object = value AND at >= ?2) AS owned,
    EXISTS (SELECT 1 FROM hosted_file) AS anything
  FROM json_each(?1)`;

const GO_ON = `INSERT INTO listing (prefix, after) VALUES (?1, ?2)
  ON CONFLICT (prefix) DO UPDATE SET after = excluded.after`;

/** In no order: those that cannot be given up would keep others waiting. */
const UNFINISHED =
  "SELECT id, filename, multipart, begun_at AS begunAt FROM upload WHERE begun_at < ?1 ORDER BY random() LIMIT ?2";
const UPLOADS_ENDED = "DELETE FROM upload WHERE id IN (SELECT value FROM json_each(?1))";
/** Also those that came while their upload was given up. */
const PARTS_ENDED = "DELETE FROM upload_part WHERE upload NOT IN (SELECT id FROM upload)";

const BEFORE = "iif(minted_for IS NULL, ?1, ?2)";
const ENDED = `FROM token WHERE revoked_at < ${BEFORE} OR expires_at < ${BEFORE}`;

/** R2 gives up after a week what nobody has ended: its word is not needed then. Milliseconds. */
const WEEK = 7 * 24 * 3_600_000;

/** What one run has seen and done. */
interface Sum {
  seen: number;
  readonly deleted: LeftObject[];
  readonly doubts: string[];
}

/** Why nothing was deleted. */
class Doubt extends Error {}

/** What uploads have left in R2 and D1; the tables are made by schema/migrations. */
export function leftoversIn(
  db: D1Database,
  r2: R2Bucket,
  { batch, listings }: Bounds = { batch: 1_000, listings: 5 },
): Leftovers {
  /**
   * Those of `objects` that no file is made of, or was since `before`, as D1 says at this moment. No key is ever used twice, so
   * they will be nobody's for good.
   */
  async function nobodys(prefix: string, objects: readonly LeftObject[], before: number): Promise<LeftObject[]> {
    const asked = [...new Set(objects.flatMap(({ key }) => uploadedObject(key) ?? []))];
    if (asked.length === 0) return [];
    const { results } = await db
      .prepare(OWNED)
      .bind(JSON.stringify(asked), before)
      .all<{ object: string; owned: number; anything: number }>();
    const owned = new Map(results.map((row) => [row.object, row.owned]));
    if (owned.size !== asked.length) throw new Doubt("the database has answered for some of them only");
    // A database that was emptied, or is another one, must not cost the files.
    if (prefix === HOSTED_PREFIX && results.some(({ anything }) => anything !== 1)) {
      throw new Doubt("the database knows of no file at all, which it may have lost");
    }
    return objects.filter(({ key }) => owned.get(uploadedObject(key) ?? "") === 0);
  }

  /** Adds to `sum` what has been done, also where it ends in doubt. */
  async function under(prefix: string, before: number, dryRun: boolean, sum: Sum): Promise<void> {
    const row = await db.prepare("SELECT after FROM listing WHERE prefix = ?1").bind(prefix).first<{ after: string }>();
    let after = row?.after ?? "";
    for (let count = 0; count < listings; count++) {
      const listed = await r2.list({ prefix, limit: batch, ...(after && { startAfter: after }) });
      const last = listed.truncated ? listed.objects.at(-1)?.key : "";
      if (last === undefined) break;
      sum.seen += listed.objects.length;
      const old = listed.objects.filter(({ uploaded }) => uploaded.getTime() < before);
      const leaving = await nobodys(prefix, old, before);
      if (!dryRun) {
        if (leaving.length > 0) await r2.delete(leaving.map(({ key }) => key));
        if (last !== after) await db.prepare(GO_ON).bind(prefix, last).run();
      }
      sum.deleted.push(...leaving.map(({ key, size }) => ({ key, size })));
      after = last;
      if (after === "") break;
    }
  }

  return {
    async objects(before, dryRun) {
      const sum: Sum = { seen: 0, deleted: [], doubts: [] };
      for (const prefix of UPLOADED) {
        try {
          await under(prefix, before[prefix], dryRun, sum);
        } catch (error) {
          if (!(error instanceof Doubt)) throw error;
          sum.doubts.push(`Below ${prefix} nothing more is deleted: ${error.message}.`);
        }
      }
      if (!dryRun) await db.prepare("DELETE FROM hosted_left WHERE at < ?1").bind(before[HOSTED_PREFIX]).run();
      return sum;
    },

    async uploads(before, dryRun) {
      const { results } = await db
        .prepare(UNFINISHED)
        .bind(before, MAX_UPLOADS)
        .all<{ id: string; filename: string; multipart: string; begunAt: number }>();
      if (dryRun) return { ended: results.map(({ filename }) => filename), failed: [] };
      const failed: string[] = [];
      const ended: typeof results = [];
      for (const upload of results) {
        const { id, filename, multipart, begunAt } = upload;
        try {
          await r2.resumeMultipartUpload(stagingKey(id), multipart).abort();
        } catch (error) {
          if (begunAt >= before - WEEK) {
            failed.push(`The upload of ${filename} could not be given up: ${messageOf(error)}`);
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
