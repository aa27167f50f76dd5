import { DAY } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type {
  DueProject,
  MirrorEffort,
  MirrorLease,
  MirrorRequirement,
  MirrorWork,
} from "../../repository/ports/mirror.ts";
import type { Database, SqlValue } from "../../platform/database.ts";
import { storedRef, type Keys } from "../keys.ts";
import { fileLabel } from "../../pypi/file-url.ts";
import { asBatches } from "./as-batches.ts";
import { keepStatements } from "./keep-objects.ts";
import { requirementChanges } from "./mirror-requirements.ts";

/** A lease that would last for longer was written by a clock that was set back since. Milliseconds. */
const LONGEST_LEASE = DAY;

const LEASE = `INSERT INTO mirror_run (source, leased_until, lease, began_at, heard_at) VALUES (?1, ?3, ?4, ?2, ?2)
  ON CONFLICT (source) DO UPDATE SET leased_until = excluded.leased_until, lease = excluded.lease, began_at = ?2, heard_at = ?2,
    requests = 0, files = 0, bytes = 0, failure = NULL
  WHERE NOT (leased_until > ?2 AND leased_until <= ?2 + ${LONGEST_LEASE})
  RETURNING coalesce(list_at <= ?2, 0) AS isListingDue`;

const RENEW = `UPDATE mirror_run SET leased_until = ?3, heard_at = ?4, requests = ?5, files = ?6, bytes = ?7
  WHERE source = ?1 AND lease = ?2`;

const END = `UPDATE mirror_run SET leased_until = 0, lease = '', heard_at = ?3, requests = ?4, files = ?5, bytes = ?6, retry_at = ?7,
    failure = ?8 WHERE source = ?1 AND lease = ?2
  RETURNING coalesce(list_at <= ?3, 0) OR EXISTS (SELECT 1 FROM mirror_project AS p WHERE p.source = ?1 AND p.due_at <= ?3)
    OR EXISTS (SELECT 1 FROM mirror_verification AS v WHERE v.source = ?1 AND v.ended_at IS NULL) AS hasMore`;

const DUE = `SELECT project AS name, due_at AS dueAt, wanted_serial AS wantedSerial, attempts FROM mirror_project
  WHERE source = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3`;

const DEMANDS = `SELECT specifiers, extras, closure FROM mirror_entry WHERE source = ?1 AND pattern = ?2
  UNION ALL SELECT specifiers, extras, closure FROM mirror_entry WHERE source = ?1 AND instr(pattern, '*') > 0 AND ?2 GLOB pattern
  UNION ALL SELECT specifiers, extras, 1 FROM mirror_requirement WHERE source = ?1 AND required = ?2`;

const REQUIREMENTS = "SELECT required, specifiers, extras FROM mirror_requirement WHERE source = ?1 AND project = ?2";

/** A tombstone, which has a size of 0, stands for a file that is not stored. */
const STORED = "SELECT key, mirrored FROM object WHERE source = ?1 AND project = ?2 AND size > 0";

const LEAVE = "UPDATE object SET mirrored = 0 WHERE key IN (SELECT value FROM json_each(?1))";

/** What has become due meanwhile stays so. */
const EXAMINED = `UPDATE mirror_project SET due_at = iif(due_at IS ?3, ?4, due_at), examined_at = ?5, attempts = ?6,
    closure = iif(?7, ?8, closure), files = coalesce(?9, files), bytes = coalesce(?10, bytes), missing = coalesce(?11, missing),
    missing_bytes = coalesce(?12, missing_bytes), left_out = coalesce(?13, left_out)
  WHERE source = ?1 AND project = ?2`;

const FAILED = `INSERT INTO mirror_error (source, project, file, reason, is_note, failed_at)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, ?4 FROM json_each(?3) WHERE true
  ON CONFLICT DO UPDATE SET reason = excluded.reason, failed_at = excluded.failed_at`;

const LISTED = `INSERT INTO mirror_project (source, project, due_at)
  SELECT ?1, value, ?3 FROM json_each(?2) AS name
  WHERE EXISTS (SELECT 1 FROM mirror_entry AS e WHERE e.source = ?1 AND instr(e.pattern, '*') > 0 AND name.value GLOB e.pattern)
  ON CONFLICT DO NOTHING`;

const DEPENDENCIES = `SELECT count(*) AS projects, coalesce(sum(bytes), 0) AS bytes FROM mirror_project AS p
  WHERE p.source = ?1 AND p.project IN (SELECT required FROM mirror_requirement WHERE source = ?1)
    AND NOT EXISTS (SELECT 1 FROM mirror_entry WHERE source = ?1 AND pattern = p.project)`;

interface DemandRow {
  readonly specifiers: string;
  readonly extras: string;
  readonly closure: number;
}

/** The work on the mirror of one source, in D1; the tables are made by schema/migrations. */
export function mirrorWorkIn(db: Database, source: string, keys: Keys, freshId: () => string): MirrorWork {
  const statement = (sql: string, ...values: SqlValue[]) => db.prepare(sql).bind(...values);
  return {
    async lease(now, until) {
      const id = freshId();
      const row = await statement(LEASE, source, now, until, id).first<{ isListingDue: number }>();
      return row ? leaseOf(statement, source, id, row.isListingDue === 1) : undefined;
    },

    async due(now, limit) {
      const { results } = await statement(DUE, source, now, limit).all<DueProject & { wantedSerial: number | null }>();
      return results.map((row) => ({ ...row, wantedSerial: row.wantedSerial ?? undefined }));
    },

    async state(name) {
      const [demands, requirements, objects] = await db.batch([
        statement(DEMANDS, source, name),
        statement(REQUIREMENTS, source, name),
        statement(STORED, source, name),
      ]);
      const stored = (objects?.results ?? []) as unknown as { key: string; mirrored: number }[];
      return {
        demands: ((demands?.results ?? []) as unknown as DemandRow[]).map(({ specifiers, extras, closure }) => ({
          specifiers,
          extras: JSON.parse(extras) as string[],
          withDependencies: closure === 1,
        })),
        requirements: ((requirements?.results ?? []) as unknown as (DemandRow & { required: ProjectName })[]).map(
          ({ required, specifiers, extras }): MirrorRequirement => ({
            required,
            specifiers,
            extras: JSON.parse(extras) as string[],
          }),
        ),
        stored: new Map(
          stored.flatMap(({ key, mirrored }) =>
            storedRef(key).map((ref) => [fileLabel(ref), { ref, isKept: mirrored === 1 }] as const),
          ),
        ),
      };
    },

    async examined({ name, dueAt }, result, now) {
      const leave = asBatches(result.leave.map((ref) => keys.file(ref)));
      const { attempts, requirements, isDone, amounts } = result;
      const { files = null, bytes = null, missing = null, missingBytes = null, leftOut = null } = amounts ?? {};
      const failures = JSON.stringify(
        result.failures.map(({ file, reason, isNote }) => [file, reason, Number(isNote)]),
      );
      await db.batch([
        ...keepStatements(db, keys, source, name, result.keep, now),
        ...leave.map((rows) => statement(LEAVE, rows)),
        statement(
          EXAMINED,
          source,
          name,
          dueAt,
          result.dueAt,
          now,
          attempts,
          isDone,
          requirements !== undefined,
          files,
          bytes,
          missing,
          missingBytes,
          leftOut,
        ),
        statement("DELETE FROM mirror_error WHERE source = ?1 AND project = ?2", source, name),
        ...(result.failures.length > 0 ? [statement(FAILED, source, name, failures, now)] : []),
        ...(isDone ? requirementChanges(db, source, name, requirements ?? [], now) : []),
      ]);
    },

    async release(name, now) {
      await db.batch([
        statement("UPDATE object SET mirrored = 0 WHERE source = ?1 AND project = ?2 AND mirrored = 1", source, name),
        statement("DELETE FROM mirror_error WHERE source = ?1 AND project = ?2", source, name),
        ...requirementChanges(db, source, name, [], now),
        statement("DELETE FROM mirror_project WHERE source = ?1 AND project = ?2", source, name),
      ]);
    },

    async listed(names, now) {
      await statement(LISTED, source, JSON.stringify(names), now).run();
    },

    async dependencies() {
      const row = await statement(DEPENDENCIES, source).first<{ projects: number; bytes: number }>();
      return row ?? { projects: 0, bytes: 0 };
    },
  };
}

function leaseOf(
  statement: (sql: string, ...values: SqlValue[]) => ReturnType<Database["prepare"]>,
  source: string,
  id: string,
  isListingDue: boolean,
): MirrorLease {
  const amounts = ({ requests, files, bytes }: MirrorEffort) => [requests, files, bytes] as const;
  const set = async (column: "list_at" | "ceiling", value: SqlValue) =>
    void (await statement(
      `UPDATE mirror_run SET ${column} = ?3 WHERE source = ?1 AND lease = ?2`,
      source,
      id,
      value,
    ).run());
  return {
    isListingDue,
    async renew(until, effort, now) {
      const { meta } = await statement(RENEW, source, id, until, now, ...amounts(effort)).run();
      return meta.changes === 1;
    },
    listed: (next) => set("list_at", next),
    ceiling: (sentence) => set("ceiling", sentence),
    async end(retryAt, effort, failure, now) {
      const values = [source, id, now, ...amounts(effort), retryAt, failure];
      return (await statement(END, ...values).first<{ hasMore: number }>())?.hasMore === 1;
    },
  };
}
