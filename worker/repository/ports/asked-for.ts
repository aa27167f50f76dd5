import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";

/** A project that clients asked for. */
export interface AskedProject {
  readonly name: ProjectName;
  /** Its files that were given, as they are stored; none where only its page was. */
  readonly files: readonly Filename[];
}

/** What clients asked sources for, as far as it was written down: uses some minutes late, pages by their popularity. */
export interface AskedFor {
  /**
   * The projects of these sources that were asked for since a time (milliseconds since the epoch), those whose files were used
   * last first. Rejects with `storage-failed`.
   */
  since(sources: readonly string[], time: number): Promise<AskedProjects>;
}

export interface AskedProjects {
  readonly projects: readonly AskedProject[];
  /** Whether there are more. */
  readonly isCut: boolean;
}
