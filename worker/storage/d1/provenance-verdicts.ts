import type { Database } from "../../platform/database.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { KnownVerdict, VerdictStore } from "../../repository/ports/provenance.ts";

interface Row {
  readonly filename: Filename;
  readonly sha256: string;
  readonly verdict: string;
  readonly uploaded_at: number | null;
  readonly root: string;
  readonly verifier: string;
  readonly judged_at: number;
}

const FIND = `SELECT filename, sha256, verdict, uploaded_at, root, verifier, judged_at
  FROM provenance WHERE source = ?1 AND project = ?2`;

/** Rows in one statement: a verdict has some 500 bytes, and a bound value at most 2 MB. */
const BATCH = 1_000;

const RECORD = `INSERT INTO provenance (source, project, filename, sha256, verdict, uploaded_at, root, verifier, judged_at)
  SELECT ?1, ?2, value ->> 'filename', value ->> 'sha256', value ->> 'verdict', value ->> 'uploadedAt',
    value ->> 'root', value ->> 'verifier', value ->> 'judgedAt'
  FROM json_each(?3) WHERE true
  ON CONFLICT (source, project, filename) DO UPDATE SET
    sha256 = excluded.sha256, verdict = excluded.verdict, uploaded_at = excluded.uploaded_at,
    root = excluded.root, verifier = excluded.verifier, judged_at = excluded.judged_at`;

/** Two ranges of the index on either side of the basis that is current, without the rows that have none. */
const OUTDATED = `SELECT DISTINCT project FROM provenance
  WHERE source = ?1 AND root > '' AND (root < ?2 OR root > ?2 OR (root = ?2 AND verifier <> ?3)) LIMIT ?4`;

/** The verdicts on a source's files, in D1; the table is made by schema/migrations. */
export function verdictsIn(db: Database, source: string): VerdictStore {
  return {
    async of(project) {
      const { results } = await db.prepare(FIND).bind(source, project).all<Row>();
      return new Map(results.map((row) => [row.filename, verdictIn(row)]));
    },

    async record(project, verdicts) {
      const rows = verdicts.map((each) => ({ ...each, verdict: JSON.stringify(each.verdict) }));
      for (let at = 0; at < rows.length; at += BATCH) {
        await db
          .prepare(RECORD)
          .bind(source, project, JSON.stringify(rows.slice(at, at + BATCH)))
          .run();
      }
    },

    async outdated({ root, verifier }, limit) {
      const { results } = await db
        .prepare(OUTDATED)
        .bind(source, root, verifier, limit)
        .all<{ project: ProjectName }>();
      return results.map(({ project }) => project);
    },
  };
}

const verdictIn = ({ verdict, uploaded_at: uploadedAt, judged_at: judgedAt, ...rest }: Row): KnownVerdict => ({
  ...rest,
  uploadedAt,
  judgedAt,
  verdict: JSON.parse(verdict) as KnownVerdict["verdict"],
});
