import { HOUR } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ReleaseUse, ReleaseUses } from "../../publishing/releases/ports.ts";
import type { HostedUses } from "../../repository/ports/hosted-packages.ts";
import type { Database, Statement } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Memory } from "../memory.ts";

/** An isolate records a release once in this time; so do all isolates together. A record is twice that too early at most. Milliseconds. */
const RECORD_INTERVAL = 12 * HOUR;

/** Of more uses it is only reported that they could not be recorded. */
const MAX_FAILED = 2_000;

/** A release, and when it was used. Milliseconds since the epoch. */
interface Use {
  readonly index: string;
  readonly project: string;
  readonly version: string;
  readonly at: number;
}

/** A row is paid for, so one of the last hours stays as it is. `WHERE true` ends the SELECT before ON. */
const NOTE = `INSERT INTO hosted_use (index_name, project, version, used_at)
  SELECT value ->> 'index', value ->> 'project', value ->> 'version', value ->> 'at' FROM json_each(?1) WHERE true
  ON CONFLICT (index_name, project, version) DO UPDATE SET used_at = excluded.used_at
    WHERE used_at <= excluded.used_at - ${RECORD_INTERVAL}`;

/** The statement that records uses of releases. */
export const noteUses = (db: Database, uses: readonly Use[]): Statement => db.prepare(NOTE).bind(JSON.stringify(uses));

const USES = `SELECT f.version, max(u.used_at) AS usedAt, max(EXISTS (
      SELECT 1 FROM hosted_file AS other WHERE other.object = f.object AND other.index_name <> f.index_name)) AS isPromoted
  FROM hosted_file AS f LEFT JOIN hosted_use AS u USING (index_name, project, version)
  WHERE f.index_name = ?1 AND f.project = ?2 AND f.object IS NOT NULL GROUP BY f.version`;

const PROJECTS = `SELECT project FROM hosted_file WHERE index_name = ?1 AND project > ?2 AND object IS NOT NULL
  GROUP BY project HAVING count(DISTINCT version) > 1 ORDER BY project LIMIT ?3`;

/** Uses of hosted releases, in D1. The tables are made by schema/migrations. */
export function releaseUsesIn(db: Database): ReleaseUses {
  return {
    of: (index, project) =>
      orStorageFailed(async () => {
        const { results } = await db
          .prepare(USES)
          .bind(index, project)
          .all<Pick<ReleaseUse, "version" | "usedAt"> & { readonly isPromoted: number }>();
        return results.map((row) => ({ ...row, isPromoted: row.isPromoted === 1 }));
      }),

    projects: (index, after, limit) =>
      orStorageFailed(async () => {
        const { results } = await db.prepare(PROJECTS).bind(index, after, limit).all<{ project: ProjectName }>();
        return results.map(({ project }) => project);
      }),
  };
}

/**
 * Records uses at once, behind the answer: an isolate that gathered them could end before it wrote them, and a release that is used
 * would look unused. What could not be written is written with the next use.
 *
 * @param noted what was recorded lately
 * @param indexes those whose uses are recorded; in others nothing goes by them, and a file costs no query
 */
export function hostedUsesIn(db: Database, noted: Memory<true>, indexes: readonly string[]): HostedUses {
  const isRecorded = new Set(indexes);
  const failed = new Map<string, Use>();
  return {
    used({ version }, { index, name: project }, ctx) {
      if (!isRecorded.has(index)) return;
      const key = `${index} ${project} ${version}`;
      if (noted.get(key, ctx.now)) return;
      noted.set(key, true, 0, ctx.now + RECORD_INTERVAL);
      const uses = new Map(failed).set(key, { index, project, version, at: ctx.now });
      failed.clear();
      const write = async () => {
        try {
          await noteUses(db, [...uses.values()]).run();
        } catch (error) {
          for (const [each, use] of uses) if (failed.size < MAX_FAILED) failed.set(each, use);
          ctx.report({ event: "storage-failed", what: "the uses of releases", reason: messageOf(error) });
        }
      };
      ctx.defer(write());
    },
  };
}
