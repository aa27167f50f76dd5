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
  // What this isolate has added, and has written of that, by the day: a request that began before midnight adds to its day after it.
  const [added, written] = [new Map<number, number>(), new Map<number, number>()];
  let read: { readonly day: number; readonly until: number; readonly others: Promise<number> } | undefined;

  return {
    add(bytes, now) {
      const day = dayOf(now);
      addTo(added, day, bytes);
      gathering.add(String(day), bytes);
    },

    async ofTheDay(now) {
      const day = dayOf(now);
      if (read?.day !== day || read.until <= now) {
        const own = written.get(day) ?? 0;
        const others = db
          .prepare(READ)
          .bind(day)
          .first<{ bytes: number }>()
          .then((row) => (row?.bytes ?? 0) - own);
        read = { day, until: now + GATHERING_TIME, others };
        others.catch(() => (read = undefined));
      }
      return (await read.others) + (added.get(day) ?? 0);
    },

    flush: (ctx) =>
      gathering.flush(
        "the bytes of the day",
        async (sums) => {
          await db.batch([
            db.prepare(FORGET).bind(dayOf(ctx.now) - 1),
            ...sums.map(([day, bytes]) => db.prepare(ADD).bind(Number(day), bytes)),
          ]);
          for (const [day, bytes] of sums) addTo(written, Number(day), bytes);
        },
        ctx,
      ),
  };
}

/** Adds to the sum of a day, and forgets those of days that are over. */
function addTo(sums: Map<number, number>, day: number, bytes: number): void {
  sums.set(day, (sums.get(day) ?? 0) + bytes);
  for (const each of sums.keys()) if (Math.abs(each - day) > 1) sums.delete(each);
}
