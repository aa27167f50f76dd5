import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";

/** The stored files of a project, `.metadata` not among them. */
export interface StoredProject {
  readonly project: ProjectName;
  readonly files: readonly FileRef[];
}

/** Lists what is stored of sources, by the records of the stored files. Rejects with `storage-failed`. */
export interface StoredListing {
  /**
   * Projects of these sources by name, some hundreds at most: those after a name.
   *
   * @returns none where there are no more
   */
  after(sources: readonly string[], name: string): Promise<readonly StoredProject[]>;
}
