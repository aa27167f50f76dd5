import { DAY } from "../../duration.ts";
import type { MirrorLists } from "../../mirroring/ports.ts";
import type { MirrorError, MirrorFigures, MirrorStatus } from "../../repository/ports/mirror.ts";
import type { Database, SqlValue } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement } from "./audit-entry.ts";

/** A run, or a pause, that is to last for longer was written by a clock that was set back since. Milliseconds. */
const LONGEST_PAUSE = DAY;

/** One source of these has a run while `leased_until` lies ahead, and none is begun while `retry_at` does. */
const DUE = `SELECT value AS source FROM json_each(?1) AS wanted LEFT JOIN mirror_run AS run ON run.source = wanted.value
  WHERE NOT coalesce(max(run.leased_until, run.retry_at) > ?2 AND max(run.leased_until, run.retry_at) <= ?2 + ${LONGEST_PAUSE}, 0)
    AND (run.list_at <= ?2 OR EXISTS (SELECT 1 FROM mirror_project AS p WHERE p.source = wanted.value AND p.due_at <= ?2)
      OR EXISTS (SELECT 1 FROM mirror_verification AS v WHERE v.source = wanted.value AND v.ended_at IS NULL))`;

/** `WHERE true` ends the SELECT before ON. */
const ADD = `INSERT INTO mirror_entry (source, pattern, specifiers, extras, closure, added_at, added_by)
  SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?3, ?4 FROM json_each(?2) WHERE true
  ON CONFLICT (source, pattern, specifiers) DO UPDATE SET extras = excluded.extras, closure = excluded.closure,
    added_at = excluded.added_at, added_by = excluded.added_by`;

const ADD_NAMED = `INSERT INTO mirror_project (source, project, due_at)
  SELECT DISTINCT ?1, value ->> 0, ?3 FROM json_each(?2) WHERE instr(value ->> 0, '*') = 0
  ON CONFLICT (source, project) DO UPDATE SET due_at = excluded.due_at`;

const MATCHED_DUE = `UPDATE mirror_project SET due_at = ?3
  WHERE source = ?1 AND EXISTS (SELECT 1 FROM json_each(?2) WHERE instr(value ->> 0, '*') > 0 AND mirror_project.project GLOB value ->> 0)`;

const LISTING_DUE = `INSERT INTO mirror_run (source, list_at)
  SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM mirror_entry WHERE source = ?1 AND instr(pattern, '*') > 0)
  ON CONFLICT (source) DO UPDATE SET list_at = excluded.list_at`;

const REMOVE = `DELETE FROM mirror_entry
  WHERE source = ?1 AND EXISTS (
    SELECT 1 FROM json_each(?2) WHERE value ->> 0 = pattern AND coalesce(value ->> 1, specifiers) = specifiers
  ) RETURNING pattern`;

/** The projects that an entry mirrors with all that they require, and what these require. */
const LIVE = `WITH RECURSIVE live (project) AS (
    SELECT p.project FROM mirror_project AS p
    WHERE p.source = ?1 AND EXISTS (SELECT 1 FROM mirror_entry AS e WHERE e.source = ?1 AND e.closure = 1 AND p.project GLOB e.pattern)
    UNION SELECT r.required FROM live JOIN mirror_requirement AS r ON r.source = ?1 AND r.project = live.project
  )`;

/** Requirements of projects that only require each other would keep them for ever. */
const DEAD_DUE = `${LIVE} UPDATE mirror_project SET due_at = ?2 WHERE source = ?1 AND project IN (
    SELECT r.required FROM mirror_requirement AS r WHERE r.source = ?1 AND r.project NOT IN (SELECT project FROM live)
  )`;

const FORGET_DEAD = `${LIVE} DELETE FROM mirror_requirement WHERE source = ?1 AND project NOT IN (SELECT project FROM live)`;

const STATUS = `SELECT (SELECT count(*) FROM mirror_entry WHERE source = ?1) AS entries, count(*) AS projects,
    count(*) - count(examined_at) AS unexamined, coalesce(sum(due_at <= ?2), 0) AS due,
    min(iif(due_at <= ?2, due_at, NULL)) AS dueSince, coalesce(sum(files), 0) AS files, coalesce(sum(bytes), 0) AS bytes,
    coalesce(sum(missing), 0) AS missing, coalesce(sum(missing_bytes), 0) AS missingBytes, coalesce(sum(left_out), 0) AS leftOut,
    (SELECT count(*) FROM mirror_error WHERE source = ?1 AND is_note = 0) AS errors,
    (SELECT count(*) FROM mirror_run WHERE source = ?1 AND list_at <= ?2) AS isListingDue,
    (SELECT count(*) FROM mirror_verification WHERE source = ?1 AND ended_at IS NULL) AS isVerifying
  FROM mirror_project WHERE source = ?1`;

const FIGURES = `SELECT s.source, s.projects, s.files, s.bytes, s.missing,
    (SELECT count(*) FROM mirror_error AS e WHERE e.source = s.source AND e.is_note = 0) AS errors,
    (SELECT min(p.due_at) FROM mirror_project AS p WHERE p.source = s.source AND p.due_at <= ?1) AS dueSince,
    run.heard_at AS heardAt, v.ended_at AS verifiedAt,
    (SELECT count(*) FROM mirror_finding AS f WHERE f.source = s.source AND f.repaired = 0 AND f.kind <> 'project-vanished') AS findings
  FROM mirror_sum AS s LEFT JOIN mirror_run AS run ON run.source = s.source
    LEFT JOIN mirror_verification AS v ON v.source = s.source
  WHERE s.projects > 0 ORDER BY s.source`;

const RUN = `SELECT began_at AS beganAt, heard_at AS heardAt, leased_until AS leasedUntil, retry_at AS retryAt, requests, files,
    bytes, failure, ceiling FROM mirror_run WHERE source = ?1 AND began_at IS NOT NULL`;

const ERRORS = `SELECT project, file, reason, is_note AS isNote, failed_at AS failedAt FROM mirror_error
  WHERE source = ?1 ORDER BY is_note, failed_at DESC, project, file LIMIT ?2`;

interface EntryRow {
  readonly pattern: string;
  readonly specifiers: string;
  readonly extras: string;
  readonly closure: number;
  readonly addedAt: number;
  readonly addedBy: string;
}

/** What is to be mirrored, in D1; the tables are made by schema/migrations. */
export function mirrorListsIn(db: Database): MirrorLists {
  const statement = (sql: string, ...values: SqlValue[]) => db.prepare(sql).bind(...values);
  return {
    entries: (source) =>
      orStorageFailed(async () => {
        const { results } = await statement(
          `SELECT pattern, specifiers, extras, closure, added_at AS addedAt, added_by AS addedBy
           FROM mirror_entry WHERE source = ?1 ORDER BY pattern, specifiers`,
          source,
        ).all<EntryRow>();
        return results.map(({ extras, closure, ...row }) => ({
          ...row,
          extras: JSON.parse(extras) as string[],
          withDependencies: closure === 1,
        }));
      }),

    add: (source, entries, entry, now) =>
      orStorageFailed(async () => {
        const rows = JSON.stringify(
          entries.map(({ pattern, specifiers, extras, withDependencies }) => [
            pattern,
            specifiers,
            JSON.stringify(extras),
            Number(withDependencies),
          ]),
        );
        await db.batch([
          statement(ADD, source, rows, now, entry.principal.id),
          statement(ADD_NAMED, source, rows, now),
          statement(MATCHED_DUE, source, rows, now),
          ...(entries.some(({ pattern }) => pattern.includes("*")) ? [statement(LISTING_DUE, source, now)] : []),
          auditEntryStatement(db, entry, now),
        ]);
      }),

    remove: (source, entries, entry, now) =>
      orStorageFailed(async () => {
        const rows = JSON.stringify(entries.map(({ pattern, specifiers }) => [pattern, specifiers]));
        const [removed] = await db.batch([
          statement(REMOVE, source, rows),
          statement(
            `UPDATE mirror_project SET due_at = ?3
             WHERE source = ?1 AND EXISTS (SELECT 1 FROM json_each(?2) WHERE mirror_project.project GLOB value ->> 0)`,
            source,
            rows,
            now,
          ),
          statement(DEAD_DUE, source, now),
          statement(FORGET_DEAD, source),
          auditEntryStatement(db, entry, now),
        ]);
        return removed?.results.length ?? 0;
      }),

    dueNow: (source, now) =>
      orStorageFailed(async () => {
        await db.batch([
          statement("UPDATE mirror_project SET due_at = ?2 WHERE source = ?1", source, now),
          statement(LISTING_DUE, source, now),
          statement(
            "UPDATE mirror_run SET retry_at = 0, leased_until = 0, lease = '', ceiling = NULL WHERE source = ?1",
            source,
          ),
        ]);
      }),

    status: (source, now) =>
      orStorageFailed(async () => {
        const [sums, runs] = await db.batch<Record<string, never>>([
          statement(STATUS, source, now),
          statement(RUN, source),
        ]);
        const run = runs?.results[0];
        const { leasedUntil = 0, ...rest } = run ?? {};
        const row = sums?.results[0] as unknown as Omit<MirrorStatus, "run" | "isListingDue" | "isVerifying"> & {
          isListingDue: number;
          isVerifying: number;
        };
        return {
          ...row,
          isListingDue: row.isListingDue === 1,
          isVerifying: row.isVerifying === 1,
          run: run ? { ...(rest as unknown as NonNullable<MirrorStatus["run"]>), isUnderWay: leasedUntil > now } : null,
        };
      }),

    errors: (source, limit) =>
      orStorageFailed(async () => {
        const { results } = await statement(ERRORS, source, limit).all<
          Omit<MirrorError, "isNote"> & { readonly isNote: number }
        >();
        return results.map((row) => ({ ...row, isNote: row.isNote === 1 }));
      }),

    async figures(now) {
      return (await statement(FIGURES, now).all<MirrorFigures>()).results;
    },

    async due(sources, now) {
      const { results } = await statement(DUE, JSON.stringify(sources), now).all<{ source: string }>();
      return results.map(({ source }) => source);
    },
  };
}
