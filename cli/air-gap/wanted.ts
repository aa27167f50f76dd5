import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import type { LeftOut } from "../migrate/source.ts";

/** What an export is to carry. */
export interface WantedFiles {
  readonly projects: readonly ProjectName[];
  /** The wanted files of a project, as its page has them, and what is wanted and not on the page. */
  choose(page: ProjectPage): Chosen;
  /** Sentences about what was not looked at. */
  readonly remarks: readonly string[];
}

export interface Chosen {
  readonly entries: readonly FileEntry[];
  readonly leftOut: readonly LeftOut[];
}
