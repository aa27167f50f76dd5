import { HOUR, SECOND } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { FileUses } from "../../repository/ports/stored-objects.ts";
import { Gathering } from "./gathered-writes.ts";
import type { Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { Context } from "../../repository/context.ts";
import type { Database } from "../../platform/database.ts";
import type { Platform } from "../../platform/platform.ts";

/** A use of one file is recorded at most once in this time, by all isolates together. Milliseconds. */
const RECORD_INTERVAL = HOUR;

/**
 * How many files' uses are gathered: with keys of at most 800 bytes they fit into D1's 2 MB. Uses of others are
 * recorded the next time.
 */
const MAX_GATHERED = 2_000;

/** How long stored files are gathered before one statement records them all. Milliseconds. */
const TOGETHER = 100;

/** How many are recorded by one statement. */
const MAX_TOGETHER = 1_000;

/** Work behind an answer that has not come to its end after so long was ended by the platform. Milliseconds. */
const LOST_AFTER = 10 * SECOND;

/**
 * Updates existing records: a file may have been stored with another size. Of two rows of one file the last one counts.
 * `WHERE true` ends the SELECT before ON.
 */
const STORED = `INSERT INTO object (key, source, project, size, used_at, known_at)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 4 FROM json_each(?1) WHERE true
  ON CONFLICT (key) DO UPDATE SET
    project = excluded.project, size = excluded.size, used_at = max(used_at, excluded.used_at)`;

/** A tombstone, which stands for the file until it is stored anew, keeps the record, with a size of 0. */
const EMPTIED = "UPDATE object SET size = 0 WHERE key IN (SELECT value FROM json_each(?1))";

/**
 * One statement for any number of uses. A deleted file that is still served from memory gets no new record. What another
 * isolate has recorded within the interval is not written again: each row is paid for, with its index.
 */
export const NOTE_USES = `UPDATE object SET used_at = use.value ->> 1 FROM json_each(?1) AS use
  WHERE object.key = use.value ->> 0 AND object.used_at <= (use.value ->> 1) - ${RECORD_INTERVAL}`;

/** The uses of all sources' files, as this isolate has gathered them. */
export interface UseLog {
  /** The recorder for one source. */
  of(source: string, keys: Keys): FileUses;
  /** Writes the gathered uses to D1, behind the answer, if it last did so some minutes ago. */
  flush(ctx: Context): void;
}

/**
 * Gathers uses in the isolate and writes them to D1 every few minutes. An isolate that ends before that loses a few:
 * the files then look unused for longer than they are, and at worst are deleted and fetched again.
 *
 * @param noted files whose use was recorded a short time ago
 */
export function fileUsesIn(db: Database, noted: Memory<true>, { now, sleep }: Pick<Platform, "now" | "sleep">): UseLog {
  /** Rows of files that were just stored, and since when a request is going to write them. */
  let rows: (string | number)[][] = [];
  let begunAt: number | undefined;

  async function writeRows(): Promise<void> {
    begunAt = now();
    await sleep(TOGETHER);
    begunAt = undefined;
    const taken = rows;
    rows = [];
    for (let at = 0; at < taken.length; at += MAX_TOGETHER) {
      const batch = JSON.stringify(taken.slice(at, at + MAX_TOGETHER));
      await db.prepare(STORED).bind(batch).run();
    }
  }

  function write(what: string, statement: () => Promise<unknown>, ctx: Context) {
    ctx.defer(
      statement().catch((error: unknown) => ctx.report({ event: "storage-failed", what, reason: messageOf(error) })),
    );
  }
  const gathering = new Gathering<number>(Math.max);
  return {
    of: (source, keys) => ({
      stored(ref, project, size, ctx) {
        const key = keys.file(ref);
        noted.set(key, true, 0, ctx.now + RECORD_INTERVAL);
        rows.push([key, source, project, size, ctx.now]);
        if (begunAt === undefined || now() - begunAt > LOST_AFTER) write("files that were stored", writeRows, ctx);
      },

      emptied(refs, ctx) {
        const gone = new Set<string | number | undefined>(refs.map((ref) => keys.file(ref)));
        for (const row of rows) if (gone.has(row[0])) row[3] = 0;
        const emptied = JSON.stringify([...gone]);
        write("files that were replaced", async () => db.prepare(EMPTIED).bind(emptied).run(), ctx);
      },

      used(ref, ctx) {
        const key = keys.file(ref);
        if (noted.get(key, ctx.now) || gathering.size >= MAX_GATHERED) return;
        noted.set(key, true, 0, ctx.now + RECORD_INTERVAL);
        gathering.add(key, ctx.now);
      },
    }),

    flush(ctx) {
      gathering.flush("the uses of files", (uses) => db.prepare(NOTE_USES).bind(JSON.stringify(uses)).run(), ctx);
    },
  };
}
