import { MINUTE } from "../../duration.ts";
import type { ChangeLogPosition } from "../../repository/ports/change-log.ts";
import type { Database } from "../../platform/database.ts";

/**
 * How long a change counts as just announced: a page stored during this time may come from a CDN node that does not
 * have the change yet. Milliseconds.
 */
const RECENT = 10 * MINUTE;

/**
 * How many names are remembered as just announced, and written in one statement, whose text must stay below 2 MB. Where
 * there are more, most of the changes are old.
 */
const MAX_NAMES = 5_000;

/** Marks stored pages with lower serials as behind; does nothing where the log has been followed beyond `?3`. */
const MARK_BEHIND = `
  UPDATE page SET announced_serial = change.value, queued_at = NULL FROM json_each(?2) AS change
  WHERE page.source = ?1 AND page.project = change.key
    AND coalesce(page.serial, -1) < change.value AND coalesce(page.announced_serial, -1) < change.value
    AND EXISTS (SELECT 1 FROM feed WHERE source = ?1 AND serial = ?3)`;

/** The same for what is mirrored: it is looked at again, at the page of that serial. */
const MIRRORED_DUE = `
  UPDATE mirror_project SET wanted_serial = change.value, due_at = ?4 FROM json_each(?2) AS change
  WHERE mirror_project.source = ?1 AND mirror_project.project = change.key AND coalesce(wanted_serial, -1) < change.value
    AND EXISTS (SELECT 1 FROM feed WHERE source = ?1 AND serial = ?3)`;

const NEWLY_MIRRORED = `
  INSERT INTO mirror_project (source, project, wanted_serial, due_at) SELECT ?1, change.key, change.value, ?4 FROM json_each(?2) AS change
  WHERE EXISTS (SELECT 1 FROM mirror_entry AS e WHERE e.source = ?1 AND instr(e.pattern, '*') > 0 AND change.key GLOB e.pattern)
    AND EXISTS (SELECT 1 FROM feed WHERE source = ?1 AND serial = ?3)
  ON CONFLICT DO NOTHING`;

/** Where changes may have been missed, all that is mirrored is looked at. */
const ALL_DUE = [
  "UPDATE mirror_project SET wanted_serial = NULL, due_at = ?2 WHERE source = ?1",
  "UPDATE mirror_run SET list_at = ?2 WHERE source = ?1 AND list_at IS NOT NULL",
];

const FOLLOW = `
  UPDATE feed SET serial = ?3, polled_at = ?4, retry_at = 0, failure = NULL, recent = (
    SELECT json_group_object(name, json_array(serial, seen)) FROM (
      SELECT name, max(serial) AS serial, max(seen) AS seen FROM (
        SELECT key AS name, value ->> 0 AS serial, value ->> 1 AS seen FROM json_each(feed.recent) WHERE seen > ?5
        UNION ALL SELECT key, value, ?4 FROM json_each(?6)
      ) GROUP BY name ORDER BY serial DESC LIMIT ${MAX_NAMES}
    )
  ) WHERE source = ?1 AND serial = ?2`;

interface Row {
  readonly serial: number | null;
  readonly since: number;
  readonly polled_at: number;
  readonly retry_at: number;
  readonly failure: string | null;
}

/**
 * How far a source's change log has been followed, in D1; the table is made by schema/migrations.
 *
 * @param pages the prefix of its pages' keys: where it has changed, as with another public address, earlier progress
 *   does not count
 */
export function changeLogPositionIn(db: Database, source: string, pages: string): ChangeLogPosition {
  return {
    async state() {
      const row = await db
        .prepare(
          "SELECT iif(pages = ?2, serial, NULL) AS serial, since, polled_at, retry_at, failure FROM feed WHERE source = ?1",
        )
        .bind(source, pages)
        .first<Row>();
      return (
        row && {
          serial: row.serial ?? undefined,
          since: row.since,
          polledAt: row.polled_at,
          retryAt: row.retry_at,
          failure: row.failure ?? undefined,
        }
      );
    },

    async begin(serial, now) {
      await db.batch([
        db
          .prepare(
            `INSERT INTO feed (source, pages, serial, since, polled_at) VALUES (?1, ?4, ?2, ?3, ?3)
             ON CONFLICT (source) DO UPDATE SET pages = excluded.pages, serial = excluded.serial, since = excluded.since,
               polled_at = excluded.polled_at, retry_at = 0, failure = NULL, recent = '{}'`,
          )
          .bind(source, serial, now, pages),
        // The old serials may come from another count, and would keep new pages from being stored.
        db
          .prepare(
            `UPDATE page SET serial = NULL, announced_serial = NULL, queued_at = NULL
             WHERE source = ?1 AND (serial IS NOT NULL OR announced_serial IS NOT NULL)`,
          )
          .bind(source),
        ...ALL_DUE.map((sql) => db.prepare(sql).bind(source, now)),
      ]);
    },

    async advance(from, { projects, last = from }, now) {
      const newestFirst = [...projects].toSorted(([, one], [, other]) => other - one);
      const pieces: string[] = [];
      for (let at = 0; at < newestFirst.length; at += MAX_NAMES) {
        pieces.push(JSON.stringify(Object.fromEntries(newestFirst.slice(at, at + MAX_NAMES))));
      }
      // A batch is atomic. The last statement changes the serial that the others have as their condition.
      const results = await db.batch([
        ...pieces.map((piece) => db.prepare(MARK_BEHIND).bind(source, piece, from)),
        ...pieces.flatMap((piece) =>
          [MIRRORED_DUE, NEWLY_MIRRORED].map((sql) => db.prepare(sql).bind(source, piece, from, now)),
        ),
        db.prepare(FOLLOW).bind(source, from, last, now, now - RECENT, pieces[0] ?? "{}"),
      ]);
      return results.at(-1)?.meta.changes === 1;
    },

    async failed(reason, retryAt) {
      await db
        .prepare(
          `INSERT INTO feed (source, failure, retry_at) VALUES (?1, ?2, ?3)
           ON CONFLICT (source) DO UPDATE SET failure = excluded.failure, retry_at = excluded.retry_at`,
        )
        .bind(source, reason, retryAt)
        .run();
    },
  };
}
