import { MINUTE } from "../../duration.ts";
import { IndexError } from "../../errors.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { HostedFile, HostedProject, HostedPackages } from "../../repository/ports/hosted-packages.ts";
import type { Memory } from "../memory.ts";
import type { Database } from "../../platform/database.ts";

/** How long rows are used by their revision: a restored database may reach the same revision with other rows. */
const MEMORY_TTL_MS = MINUTE;

/** Estimated memory of a file's row. Bytes. */
const FILE_BYTES_IN_MEMORY = 700;

/** A project's row joined with one of its files, whose columns are null where the project has none. */
interface Row {
  readonly index_name: string;
  readonly project: ProjectName;
  readonly status: string | null;
  readonly status_reason: string | null;
  readonly revision: number;
  readonly filename: Filename | null;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly object: string;
  readonly metadata_sha256: string | null;
  readonly requires_python: string | null;
  readonly uploaded_at: number;
  readonly yanked: string | null;
}

const COLUMNS = `
  p.index_name, p.project, p.status, p.status_reason, p.revision,
  f.filename, f.version, f.sha256, f.size, f.object, f.metadata_sha256, f.requires_python, f.uploaded_at, f.yanked`;

/** Joins a project's files, except deleted ones. */
const FILES = `LEFT JOIN hosted_file AS f ON f.project = p.project AND f.object IS NOT NULL AND f.index_name =`;

/**
 * Files of a project whose revision is known are not read again. The condition stands in the join, where it is evaluated
 * once per project, not once per file. `CROSS` keeps SQLite from scanning the tables.
 */
const PROJECTS = `
  SELECT ${COLUMNS} FROM json_each(?1) AS asked
  CROSS JOIN hosted_project AS p ON p.index_name = asked.value ->> 0 AND p.project = asked.value ->> 1
  ${FILES} iif(p.revision IS (asked.value ->> 2), NULL, p.index_name)
  ORDER BY asked.key, f.uploaded_at, f.filename`;

/** Several indexes may have the file, and others may have a different file of the same name. */
const FILE = `
  SELECT ${COLUMNS} FROM (
    SELECT DISTINCT project, identity FROM hosted_file
    WHERE sha256 = ?1 AND filename = ?2 AND object IS NOT NULL AND index_name IN (SELECT value FROM json_each(?3))
  ) AS found CROSS JOIN json_each(?3) AS asked
  JOIN hosted_project AS p ON p.index_name = asked.value AND p.project = found.project
  ${FILES} p.index_name AND f.identity = found.identity
  ORDER BY p.project, asked.key`;

const ALL = `
  SELECT ${COLUMNS} FROM json_each(?1) AS asked CROSS JOIN hosted_project AS p ON p.index_name = asked.value
  ${FILES} p.index_name
  ORDER BY p.project, asked.key, f.uploaded_at, f.filename`;

const NAMES = `
  SELECT DISTINCT project FROM hosted_project
  WHERE index_name IN (SELECT value FROM json_each(?1)) ORDER BY project`;

/** What indexes host, in D1, and the rows of what has been read lately in memory, where they count in the revision of D1. */
export function hostingIn(db: Database, memory: Memory<HostedProject>): HostedPackages {
  let reads = 0;

  async function ask<Result>(sql: string, ...parameters: readonly string[]): Promise<Result[]> {
    try {
      return (
        await db
          .prepare(sql)
          .bind(...parameters)
          .run<Result>()
      ).results;
    } catch (error) {
      throw new IndexError("storage-failed", DATABASE_DOWN, { cause: error });
    }
  }

  /** Groups rows by project, in the order of the rows. */
  function hostsIn(rows: readonly Row[]): Map<ProjectName, HostedProject[]> {
    reads += 1;
    const hosts = new Map<ProjectName, (HostedProject & { readonly files: HostedFile[] })[]>();
    for (const row of rows) {
      const having = hosts.get(row.project) ?? [];
      hosts.set(row.project, having);
      let project = having.find(({ index }) => index === row.index_name);
      if (!project) having.push((project = projectIn(row, reads)));
      if (row.filename !== null) project.files.push(fileIn(row, row.filename));
    }
    return hosts;
  }

  return {
    async projects(names, indexes, now) {
      const keys = names.flatMap((name) => indexes.map((index) => ({ index, name, key: `${index} ${name}` })));
      // Taken from memory before the query: entries may be evicted while it runs.
      const known = new Map(keys.map(({ key }) => [key, memory.get(key, now)]));
      const asked = keys.map(({ index, name, key }) => [index, name, known.get(key)?.revision ?? null]);
      const hosts = hostsIn(await ask<Row>(PROJECTS, JSON.stringify(asked)));
      for (const { index, name, key } of keys) {
        const found = hosts.get(name)?.find((project) => project.index === index);
        const kept = known.get(key);
        if (!found) memory.delete(key);
        else if (kept?.revision === found.revision) replace(hosts, found, kept);
        else memory.set(key, found, found.files.length * FILE_BYTES_IN_MEMORY, now + MEMORY_TTL_MS);
      }
      return hosts;
    },

    file: async (sha256, filename, indexes) => hostsIn(await ask<Row>(FILE, sha256, filename, JSON.stringify(indexes))),

    all: async (indexes) => hostsIn(await ask<Row>(ALL, JSON.stringify(indexes))),

    async names(indexes) {
      const rows = await ask<Pick<Row, "project">>(NAMES, JSON.stringify(indexes));
      return rows.map(({ project }) => project);
    },
  };
}

function replace(hosts: Map<ProjectName, HostedProject[]>, found: HostedProject, kept: HostedProject): void {
  const having = hosts.get(found.name);
  having?.splice(having.indexOf(found), 1, kept);
}

/** A restored database may reach the same revision with other rows, so `state` contains the number of the read as well. */
const projectIn = ({ index_name, project, status, status_reason, revision }: Row, read: number) => ({
  index: index_name,
  name: project,
  status: status === null ? undefined : { status, ...(status_reason && { reason: status_reason }) },
  revision,
  state: `${index_name}@${revision}.${read}`,
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
});

const DATABASE_DOWN =
  "The database does not answer, so it is not known whether this index hosts what was asked for. No upstream is asked instead; try again in a moment.";
