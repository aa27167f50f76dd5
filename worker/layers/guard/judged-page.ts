import type { FileEntry, ProjectPage } from "../../pypi/page.ts";
import { uploadedAtOf } from "../read-upstream.ts";

/** What rules know of a file by its project's page alone: of other files on it, and of the project. */
export interface JudgedPage {
  /** PEP 792, lower case; undefined where the page has none. */
  readonly status: string | undefined;
  /**
   * From when on files have provenance: when the first one that has it was uploaded. Milliseconds since the epoch;
   * infinite where none has, and 0 where the upstream says no time of those that have.
   */
  readonly provenSince: number;
}

/** Reads all entries of a page: callers keep the result. */
export function judgedPage({ files, status }: Pick<ProjectPage, "files" | "status">): JudgedPage {
  let provenSince = Infinity;
  for (const entry of files) {
    if (entry.provenance !== undefined) provenSince = Math.min(provenSince, uploadedAtOf(entry) ?? 0);
  }
  return { status: status?.status.toLowerCase(), provenSince };
}

/** PEP 740. `lost`: it has none, and a file that was uploaded before it has. An unknown time counts as after. */
export function provenanceOf(entry: FileEntry, { provenSince }: JudgedPage): "present" | "missing" | "lost" {
  if (entry.provenance !== undefined) return "present";
  return (uploadedAtOf(entry) ?? Infinity) > provenSince ? "lost" : "missing";
}
