import type { Database } from "../../worker/platform/database.ts";
import type { DamagedObject } from "./hosted-objects.ts";

/** A hosted file that is not deleted, or is in the trash, as the database has it. */
export interface HostedFileRow {
  readonly index: string;
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  /** Its key. */
  readonly object: string;
  /** SHA-256 of its core metadata, hex; null where it is no wheel. */
  readonly metadata: string | null;
}

/** The query for all that have bytes. */
export const HOSTED_FILES = `SELECT index_name AS "index", project, version, filename,
    coalesce(object, trashed) AS object, metadata_sha256 AS metadata
  FROM hosted_file WHERE coalesce(object, trashed) IS NOT NULL ORDER BY index_name, project, version, filename`;

export async function hostedFiles(database: Pick<Database, "prepare">): Promise<HostedFileRow[]> {
  return (await database.prepare(HOSTED_FILES).all<HostedFileRow>()).results;
}

/** The key of a wheel's core metadata. */
export const coreMetadataKey = (object: string): string => `${object}.metadata`;

/** The objects that hosted files are made of and that are not among `keys`. */
export function absentAmong(files: readonly HostedFileRow[], keys: ReadonlySet<string>): DamagedObject[] {
  const wanted = files.flatMap(({ object, metadata }) => [
    object,
    ...(metadata === null ? [] : [coreMetadataKey(object)]),
  ]);
  return [...new Set(wanted)]
    .filter((key) => !keys.has(key))
    .map((key) => ({ key, reason: "there is no such object" }));
}

/** A line for each damaged object and each file that is made of it. */
export function damageLines(damaged: readonly DamagedObject[], files: readonly HostedFileRow[]): string[] {
  const made = Map.groupBy(files, ({ object }) => object);
  return damaged.flatMap(({ key, reason }) => {
    const isFile = made.has(key);
    const owners = made.get(isFile ? key : key.replace(/\.metadata$/, ""));
    if (!owners) return [`of no release: ${reason} (${key})`];
    return owners.map(({ index, project, version, filename }) => {
      const what = isFile ? filename : `the core metadata of ${filename}`;
      return `${project} ${version} in ${index}, ${what}: ${reason} (${key})`;
    });
  });
}
