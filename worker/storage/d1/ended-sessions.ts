import type { EndedSessions } from "../../auth/ports.ts";
import { SESSION_LENGTH } from "../../auth/sessions.ts";
import type { Database } from "../../platform/database.ts";
import { withValue } from "../../repository/now-or-later.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Codec } from "../snapshots/copies.ts";
import type { ReadSubject, SnapshotReader } from "../snapshots/reader.ts";

/** One that was ended; with `isAll`, and all that its token had opened before. */
interface Ended {
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly isAll: boolean;
}

/** The sessions that were ended, by the ids of their tokens. */
export type AllEnded = ReadonlyMap<string, readonly Ended[]>;

/** The subject of ended sessions in the table `revision`. */
export const SESSIONS_SUBJECT = "sessions";

/** If more of one token are ended one by one, all that it has opened are: every worker holds these rows in memory. */
const MAX_SINGLE = 100;

/** The revision; all rows that count as well, unless it is ?1. They are few. */
const CHANGED = `
  SELECT r.number, e.token, e.opened_at, e.is_all
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = '${SESSIONS_SUBJECT}'
  LEFT JOIN ended_session AS e ON r.number <> ?1 AND e.opened_at > ?2`;

interface Row {
  readonly number: number | null;
  readonly token: string | null;
  readonly opened_at: number;
  readonly is_all: number;
}

/** Reads which sessions were ended. The query rejects with D1's error. */
export function allEndedIn(db: Database): ReadSubject<AllEnded> {
  return async (known, now) => {
    const { results } = await db
      .prepare(CHANGED)
      .bind(known?.revision ?? -1, now - SESSION_LENGTH)
      .all<Row>();
    const revision = results[0]?.number ?? 0;
    if (known?.revision === revision) return known;
    const value = new Map<string, Ended[]>();
    for (const { token, opened_at: openedAt, is_all: isAll } of results)
      if (token !== null) value.set(token, [...(value.get(token) ?? []), { openedAt, isAll: isAll === 1 }]);
    return { revision, value };
  };
}

export const ALL_ENDED_CODEC: Codec<AllEnded> = {
  encode: (ended) => JSON.stringify([...ended]),
  decode: (text) => new Map(JSON.parse(text) as [string, Ended[]][]),
};

/** Ends one, or all of its token up to now. */
const END = `
  INSERT INTO ended_session (token, opened_at, is_all)
  SELECT ?1, iif(is_all, ?3, ?2), is_all
  FROM (SELECT ?4 OR (SELECT count(*) FROM ended_session WHERE token = ?1) >= ${MAX_SINGLE} AS is_all)
  WHERE true
  ON CONFLICT (token, opened_at) DO UPDATE SET is_all = max(is_all, excluded.is_all)`;

/** Deletes those that are over by themselves, and those that a later row ends as well. */
const FORGET = `
  DELETE FROM ended_session WHERE opened_at <= ?2 OR (token = ?1 AND EXISTS (
    SELECT 1 FROM ended_session AS later
    WHERE later.token = ?1 AND later.is_all AND later.opened_at > ended_session.opened_at))`;

/** Ended sessions in D1. */
export const endedSessionsIn = (db: Database, known: SnapshotReader<AllEnded>): EndedSessions => ({
  has(id, openedAt, ctx) {
    const read = known.read(ctx);
    return withValue(read instanceof Promise ? orStorageFailed(() => read) : read, ({ value }) =>
      (value.get(id) ?? []).some((each) => (each.isAll ? openedAt <= each.openedAt : openedAt === each.openedAt)),
    );
  },

  end: (id, openedAt, reach, { now }) =>
    orStorageFailed(async () => {
      await db.batch([
        db.prepare(END).bind(id, openedAt, now, reach === "all" ? 1 : 0),
        db.prepare(FORGET).bind(id, now - SESSION_LENGTH),
      ]);
    }),
});
