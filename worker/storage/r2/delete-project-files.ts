import type { ProjectName } from "../../pypi/name.ts";
import type { StoredObjects } from "../../repository/ports/stored-objects.ts";
import type { Memory } from "../memory.ts";

/** How many files are deleted in one call. */
const BATCH = 1_000;

/** A time later than any use. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/**
 * Returns a function that deletes a project's stored files and their `.metadata`, for one source, and returns how many
 * there were. Costs one read where there are none. Rejects where the store fails; some files may be deleted by then.
 */
export function projectFileDeletion(
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
