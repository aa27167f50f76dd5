import type { ProjectName } from "../../pypi/name.ts";
import type {
  CurrentVerification,
  FindingKind,
  VerificationStatus,
  VerificationWork,
  Verifications,
} from "../../repository/ports/verification.ts";
import type { Database, SqlValue } from "../../platform/database.ts";
import type { Keys } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { asBatches } from "./as-batches.ts";
import { keepStatements } from "./keep-objects.ts";

/** All projects of a source of which something is mirrored on purpose, or where `cached` is 1, stored. */
const NAMES = `SELECT project AS name FROM mirror_project WHERE source = ?1 AND project > ?2
  UNION SELECT project FROM page WHERE ?3 AND source = ?1 AND project > ?2
  UNION SELECT project FROM object WHERE ?3 AND source = ?1 AND project > ?2`;

/** Of an unfinished one with the same demand nothing changes. `WHERE true` ends the SELECT before ON. */
const BEGIN = `INSERT INTO mirror_verification (source, began_at, sample, repair, cached, projects)
  SELECT ?1, ?4, ?5, ?6, ?3, (SELECT count(*) FROM (${NAMES})) WHERE true
  ON CONFLICT (source) DO UPDATE SET began_at = max(excluded.began_at, began_at + 1), ended_at = NULL, sample = excluded.sample,
    repair = excluded.repair, cached = excluded.cached, projects = excluded.projects, after = '', after_file = '', tries = 0,
    passed = 0, verified = 0, objects = 0, bytes = 0
  WHERE ended_at IS NOT NULL OR sample <> excluded.sample OR repair <> excluded.repair OR cached <> excluded.cached`;

/** What an earlier one has found. */
const FORGET = `DELETE FROM mirror_finding WHERE source = ?1 AND found_at < (
    SELECT began_at FROM mirror_verification WHERE source = ?1
  )`;

const STATUS = `SELECT v.began_at AS beganAt, v.ended_at AS endedAt, sample, repair, cached, projects, passed, verified, objects,
    v.bytes, coalesce(run.retry_at, 0) AS retryAt, run.failure
  FROM mirror_verification AS v LEFT JOIN mirror_run AS run ON run.source = v.source WHERE v.source = ?1`;

const COUNTS = `SELECT kind, count(*) AS found, sum(repaired) AS repaired FROM mirror_finding WHERE source = ?1
  GROUP BY kind ORDER BY kind`;

/** What is still wrong comes first. */
const FINDINGS = `SELECT project, file, kind, fault, repaired, found_at AS foundAt FROM mirror_finding WHERE source = ?1
  ORDER BY repaired, project, file LIMIT ?2`;

const CURRENT = `SELECT began_at AS beganAt, sample, repair, cached, after, after_file AS afterFile, tries
  FROM mirror_verification WHERE source = ?1 AND ended_at IS NULL`;

const PROGRESS = `UPDATE mirror_verification SET tries = iif(after = ?3 AND after_file = ?4, tries + 1, 0), after = ?3, after_file = ?4,
    passed = passed + ?5, verified = verified + ?6, objects = objects + ?7, bytes = bytes + ?8
  WHERE source = ?1 AND began_at = ?2`;

const END = "UPDATE mirror_verification SET ended_at = ?3 WHERE source = ?1 AND began_at = ?2";

const FOUND = `INSERT INTO mirror_finding (source, project, file, kind, fault, repaired, found_at)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?4 FROM json_each(?3) WHERE true
  ON CONFLICT DO UPDATE SET kind = excluded.kind, fault = excluded.fault, repaired = excluded.repaired, found_at = excluded.found_at`;

/**
 * For objects whose bytes were just read: a row of size 0 says that there is no object. A mirror that keeps what it has stored must not do
 * this: of what it took for stored, an object may have been deleted meanwhile.
 */
const SIZED = `UPDATE object SET size = piece.value ->> 1 FROM json_each(?1) AS piece
  WHERE object.key = piece.value ->> 0 AND object.size = 0`;

const UNREPAIRED = "SELECT file, kind, fault FROM mirror_finding WHERE source = ?1 AND project = ?2 AND repaired = 0";

interface DemandRow {
  readonly sample: number;
  readonly repair: number;
  readonly cached: number;
}

const demandOf = <Row extends DemandRow>({ repair, cached, ...rest }: Row) => ({
  ...rest,
  isRepairing: repair === 1,
  isForCached: cached === 1,
});

/** Verifications, in D1; the tables are made by schema/migrations. */
export function verificationsIn(db: Database): Verifications {
  const statement = (sql: string, ...values: SqlValue[]) => db.prepare(sql).bind(...values);
  return {
    begin: (source, { sample, isRepairing, isForCached }, now) =>
      orStorageFailed(async () => {
        await db.batch([
          statement(BEGIN, source, "", Number(isForCached), now, sample, Number(isRepairing)),
          statement(FORGET, source),
          statement("UPDATE mirror_run SET leased_until = 0, lease = '' WHERE source = ?1", source),
        ]);
      }),

    status: (source, limit) =>
      orStorageFailed(async () => {
        const [rows, counts, findings] = await db.batch([
          statement(STATUS, source),
          statement(COUNTS, source),
          statement(FINDINGS, source, limit),
        ]);
        const row = rows?.results[0] as unknown as (DemandRow & StatusRow) | undefined;
        if (!row) return null;
        return {
          ...demandOf(row),
          counts: (counts?.results ?? []) as unknown as VerificationStatus["counts"],
          findings: ((findings?.results ?? []) as unknown as FindingRow[]).map(({ repaired, ...finding }) => ({
            ...finding,
            isRepaired: repaired === 1,
          })),
        };
      }),
  };
}

type StatusRow = Omit<VerificationStatus, "isRepairing" | "isForCached" | "counts" | "findings">;

interface FindingRow {
  readonly project: string;
  readonly file: string;
  readonly kind: FindingKind;
  readonly fault: string;
  readonly repaired: number;
  readonly foundAt: number;
}

/** The verification of one source, in D1. */
export function verificationWorkIn(db: Database, source: string, keys: Keys): VerificationWork {
  const statement = (sql: string, ...values: SqlValue[]) => db.prepare(sql).bind(...values);
  return {
    async current() {
      const row = await statement(CURRENT, source).first<
        DemandRow & Omit<CurrentVerification, "isRepairing" | "isForCached">
      >();
      return row ? demandOf(row) : undefined;
    },

    async names({ after, isForCached }, limit) {
      const all = `${NAMES} ORDER BY 1 LIMIT ?4`;
      const { results } = await statement(all, source, after, Number(isForCached), limit).all<{ name: ProjectName }>();
      return results.map(({ name }) => name);
    },

    async progress({ beganAt }, { after, afterFile }, { passed, verified, objects, bytes }) {
      await statement(PROGRESS, source, beganAt, after, afterFile, passed, verified, objects, bytes).run();
    },

    async end({ beganAt }, now) {
      await statement(END, source, beganAt, now).run();
    },

    async found(project, findings, now) {
      const rows = findings.map(({ file, kind, fault, isRepaired }) => [file, kind, fault, Number(isRepaired)]);
      await statement(FOUND, source, project, JSON.stringify(rows), now).run();
    },

    async unrepaired(project) {
      const { results } = await statement(UNREPAIRED, source, project).all<Omit<FindingRow, "repaired">>();
      return results.map((row) => ({ ...row, isRepaired: false }));
    },

    async keep(project, pieces, now) {
      if (pieces.length === 0) return;
      const sizes = asBatches(pieces.map(({ ref, size }) => [keys.file(ref), size]));
      await db.batch([
        ...keepStatements(db, keys, source, project, pieces, now),
        ...sizes.map((rows) => db.prepare(SIZED).bind(rows)),
      ]);
    },
  };
}
