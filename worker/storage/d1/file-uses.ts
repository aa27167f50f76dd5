import { HOUR } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { FileUses } from "../../repository/ports/stored-objects.ts";
import { Gathering } from "./gathered-writes.ts";
import type { Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { Context } from "../../repository/context.ts";
import type { Database } from "../../platform/database.ts";

/** A use of one file is recorded at most once in this time, by all isolates together. Milliseconds. */
const RECORD_INTERVAL = HOUR;

/**
 * How many files' uses are gathered: with keys of at most 800 bytes they fit into D1's 2 MB. Uses of others are
 * recorded the next time.
 */
const MAX_GATHERED = 2_000;

/** Updates an existing record: the file may have been stored with another size. */
const STORED = `INSERT INTO object (key, source, project, size, used_at, known_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?5)
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
export function fileUsesIn(db: Database, noted: Memory<true>): UseLog {
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
        write(key, async () => db.prepare(STORED).bind(key, source, project, size, ctx.now).run(), ctx);
      },

      emptied(refs, ctx) {
        const emptied = JSON.stringify(refs.map((ref) => keys.file(ref)));
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
