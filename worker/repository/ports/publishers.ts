import type { ProjectName } from "../../pypi/name.ts";

/**
 * Who has uploaded what is hosted, as the audit log has it: the names that people gave tokens. They are for readers who have shown
 * a token. The methods reject with `storage-failed`.
 */
export interface Publishers {
  /** Who uploaded last to each of these projects, in any of the indexes. A project without an upload is left out. */
  last(indexes: readonly string[], projects: readonly ProjectName[]): Promise<ReadonlyMap<ProjectName, string>>;
  /** Who uploaded each file of a project, by its filename. */
  ofFiles(indexes: readonly string[], project: ProjectName): Promise<ReadonlyMap<string, string>>;
}
