import type { ProjectName } from "../../pypi/name.ts";
import type { StoredObjects } from "../../repository/ports/stored-objects.ts";
import type { Memory } from "../memory.ts";

/** As many as are deleted in one call. */
const BATCH = 1_000;

/** Later than any use. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/**
 * What deletes a project's stored files and their `.metadata`, those of a source, and says how many there were. Costs one read
 * where there are none. Rejects where the store fails; some are deleted by then.
 */
export function projectFiles(
  objects: StoredObjects,
  source: string,
  memory: Pick<Memory<unknown>, "delete">,
): (project: ProjectName) => Promise<number> {
  return async (project) => {
    let deleted = 0;
    for (;;) {
      const files = await objects.ofProject({ source, project }, ANY_TIME, BATCH);
      if (files.length === 0) return deleted;
      await objects.remove(files, ANY_TIME);
      for (const { key } of files) memory.delete(key);
      deleted += files.length;
    }
  };
}
