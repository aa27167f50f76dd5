import { DAY } from "../../duration.ts";
import type { Database } from "../../platform/database.ts";
import type { Context } from "../../repository/context.ts";
import type { NewBytes } from "../../repository/ports/allowance.ts";
import { Gathering, GATHERING_TIME } from "./gathered-writes.ts";

const FORGET = "DELETE FROM new_bytes WHERE day < ?1";

const ADD = `INSERT INTO new_bytes (day, bytes) VALUES (?1, ?2)
  ON CONFLICT (day) DO UPDATE SET bytes = bytes + excluded.bytes`;

const READ = "SELECT bytes FROM new_bytes WHERE day = ?1";

/** The sums in D1, and what this isolate has gathered. */
export interface StoredNewBytes extends NewBytes {
  /** Writes what was gathered to D1, behind the answer, if it last did so some minutes ago. */
  flush(ctx: Context): void;
}

/** A day's number: days since the epoch. */
const dayOf = (now: number) => Math.floor(now / DAY);

export function newBytesIn(db: Database): StoredNewBytes {
  const gathering = new Gathering<number>((had, came) => had + came);
  let own = { day: 0, bytes: 0 };
  let read:
    | { readonly day: number; readonly until: number; readonly bytes: Promise<number>; readonly own: number }
    | undefined;

  /** What this isolate has added in the day of `now`. */
  const ownOf = (now: number) => (own.day === dayOf(now) ? own.bytes : 0);

  return {
    add(bytes, now) {
      own = { day: dayOf(now), bytes: ownOf(now) + bytes };
      gathering.add(String(dayOf(now)), bytes);
    },

    async ofTheDay(now) {
      const day = dayOf(now);
      if (read?.day !== day || read.until <= now) {
        const bytes = db
          .prepare(READ)
          .bind(day)
          .first<{ bytes: number }>()
          .then((row) => row?.bytes ?? 0);
        read = { day, until: now + GATHERING_TIME, bytes, own: ownOf(now) };
        bytes.catch(() => (read = undefined));
      }
      const { own: before, bytes } = read;
      return (await bytes) + ownOf(now) - before;
    },

    flush: (ctx) =>
      gathering.flush(
        "the bytes of the day",
        (sums) =>
          db.batch([
            db.prepare(FORGET).bind(dayOf(ctx.now) - 1),
            ...sums.map(([day, bytes]) => db.prepare(ADD).bind(Number(day), bytes)),
          ]),
        ctx,
      ),
  };
}
