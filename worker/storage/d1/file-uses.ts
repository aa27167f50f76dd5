import { messageOf } from "../../errors.ts";
import type { Uses } from "../../repository/ports/stored-objects.ts";
import { Gathering } from "./gathered-writes.ts";
import type { Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { Context } from "../../repository/context.ts";

/** How often a use of one file is written at the most. Milliseconds. */
const REPEAT = 3_600_000;

/** More files are not gathered: with keys of 800 bytes at most, so many fit into D1's 2 MB. Others are noted when used again. */
const MAX_GATHERED = 2_000;

/** What is stored is inserted anew where it is known: it may have been stored in another size. */
const STORED = `INSERT INTO object (key, source, project, size, used_at, known_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?5)
  ON CONFLICT (key) DO UPDATE SET
    project = excluded.project, size = excluded.size, used_at = max(used_at, excluded.used_at)`;

/** What stands for a file until it is stored anew has hardly any bytes, and stays known. */
const EMPTIED = "UPDATE object SET size = 0 WHERE key IN (SELECT value FROM json_each(?1))";

/** One statement, however many uses. What has been deleted, and is used from memory still, gets no row again. */
export const USED = `UPDATE object SET used_at = use.value ->> 1 FROM json_each(?1) AS use
  WHERE object.key = use.value ->> 0 AND object.used_at < use.value ->> 1`;

/** All sources' uses in an isolate. */
export interface UseLog {
  /** One source's part of it. */
  of(source: string, keys: Keys): Uses;
  /** Writes what this isolate has gathered, behind the answer, where it last did so a while ago. */
  flush(ctx: Context): void;
}

/**
 * Uses that are gathered in the isolate and written to D1 every few minutes. An isolate that ends before loses a few: the
 * file then looks unused for longer than it is, and is fetched again at the worst.
 *
 * @param noted the files whose use was noted a short time ago
 */
export function fileUsesIn(db: D1Database, noted: Memory<true>): UseLog {
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
        noted.set(key, true, 0, ctx.now + REPEAT);
        write(key, async () => db.prepare(STORED).bind(key, source, project, size, ctx.now).run(), ctx);
      },

      emptied(refs, ctx) {
        const emptied = JSON.stringify(refs.map((ref) => keys.file(ref)));
        write("files that were replaced", async () => db.prepare(EMPTIED).bind(emptied).run(), ctx);
      },

      used(ref, ctx) {
        const key = keys.file(ref);
        if (noted.get(key, ctx.now) || gathering.size >= MAX_GATHERED) return;
        noted.set(key, true, 0, ctx.now + REPEAT);
        gathering.add(key, ctx.now);
      },
    }),

    flush(ctx) {
      gathering.flush("the uses of files", (uses) => db.prepare(USED).bind(JSON.stringify(uses)).run(), ctx);
    },
  };
}
