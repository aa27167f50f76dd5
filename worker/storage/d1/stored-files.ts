import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Database } from "../../platform/database.ts";
import { storedRef } from "../keys.ts";

/** More are not looked for: the last used first. */
const MAX_FILES = 400;

const OF_PROJECT = `SELECT key FROM object WHERE source = ?1 AND project = ?2 AND size > 0 AND key GLOB 'file/*'
  ORDER BY used_at DESC LIMIT ${MAX_FILES}`;

/** Finds which files of a project are stored, by the records of them. Rejects with D1's error. */
export const storedFilesIn =
  (db: Database, source: string) =>
  async (project: ProjectName): Promise<readonly FileRef[]> => {
    const { results } = await db.prepare(OF_PROJECT).bind(source, project).run<{ key: string }>();
    return results.flatMap(({ key }) => storedRef(key));
  };
