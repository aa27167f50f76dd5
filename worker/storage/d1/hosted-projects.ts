import { IndexError } from "../../errors.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { HostedFile, HostedProject } from "../../repository/ports/hosted-packages.ts";
import type { Database } from "../../platform/database.ts";

/** A project's row joined with one of its files, whose columns are null where the project has none. */
interface Row {
  readonly index_name: string;
  readonly project: ProjectName;
  readonly status: string | null;
  readonly status_reason: string | null;
  readonly changed: number;
  readonly filename: Filename | null;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly object: string;
  readonly metadata_sha256: string | null;
  readonly requires_python: string | null;
  readonly uploaded_at: number;
  readonly yanked: string | null;
  readonly attested: number;
}

/** `CROSS` keeps SQLite from scanning the tables. Deleted files are left out. */
const PROJECTS = `
  SELECT p.index_name, p.project, p.status, p.status_reason, p.changed, f.filename, f.version, f.sha256, f.size,
    f.object, f.metadata_sha256, f.requires_python, f.uploaded_at, f.yanked,
    EXISTS (SELECT 1 FROM hosted_provenance AS h WHERE h.index_name = f.index_name AND h.sha256 = f.sha256 AND h.filename = f.filename) AS attested
  FROM json_each(?1) AS asked
  CROSS JOIN hosted_project AS p ON p.index_name = asked.value ->> 0 AND p.project = asked.value ->> 1
  LEFT JOIN hosted_file AS f ON f.index_name = p.index_name AND f.project = p.project AND f.object IS NOT NULL
  ORDER BY asked.key, f.uploaded_at, f.filename`;

/** A project of an index. */
export interface HostedKey {
  readonly index: string;
  readonly name: ProjectName;
}

/** A project as it is in the database, and the index's revision at its last change. */
export interface ReadProject {
  readonly project: HostedProject;
  readonly changed: number;
}

/** Reads hosted projects with their files, in one query. Rejects with `storage-failed`. */
export const hostedProjectsIn =
  (db: Database) =>
  async (asked: readonly HostedKey[]): Promise<ReadProject[]> => {
    const rows = await orDatabaseDown(() =>
      db
        .prepare(PROJECTS)
        .bind(JSON.stringify(asked.map(({ index, name }) => [index, name])))
        .all<Row>(),
    );
    const found = new Map<string, ReadProject & { readonly project: { readonly files: HostedFile[] } }>();
    for (const row of rows.results) {
      const key = `${row.index_name} ${row.project}`;
      const read = found.get(key) ?? { project: projectIn(row), changed: row.changed };
      found.set(key, read);
      if (row.filename !== null) read.project.files.push(fileIn(row, row.filename));
    }
    return [...found.values()];
  };

const projectIn = ({ index_name, project, status, status_reason, changed }: Row) => ({
  index: index_name,
  name: project,
  status: status === null ? undefined : { status, ...(status_reason && { reason: status_reason }) },
  state: `${index_name}@${changed}`,
  files: [],
});

const fileIn = (row: Row, filename: Filename): HostedFile => ({
  filename,
  version: row.version,
  sha256: row.sha256,
  size: row.size,
  object: row.object,
  metadata: row.metadata_sha256 ?? undefined,
  requiresPython: row.requires_python ?? undefined,
  uploadedAt: row.uploaded_at,
  yanked: row.yanked ?? undefined,
  isAttested: row.attested === 1 ? true : undefined,
});

/** A database that does not answer must not look like one in which nothing is hosted. */
async function orDatabaseDown<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseDown(error);
  }
}

export const databaseDown = (cause: unknown) =>
  new IndexError(
    "storage-failed",
    "The database does not answer, so it is not known whether this index hosts or refuses what was asked for. No upstream is asked instead; try again in a moment.",
    { cause },
  );
