import type { JudgedProvenance, ProvenanceHistory } from "../../policy/policy.ts";
import type { FileEntry, ProjectPage } from "../../pypi/page.ts";
import { uploadedAtOf } from "../../pypi/upload-time.ts";

/** What rules know of a file by its project's page alone: of other files on it, and of the project. */
export interface JudgedPage {
  /** PEP 792, lower case; undefined where the page has none. */
  readonly status: string | undefined;
  /** Who built its files, as far as that is known. */
  readonly history: ProvenanceHistory;
}

/** Reads all entries of a page: callers keep the result. */
export function judgedPage({ files, status, _publishers: publishers = [] }: ProjectPage): JudgedPage {
  let undecidedSince = Infinity;
  for (const entry of files) {
    if (isUndecided(entry)) undecidedSince = Math.min(undecidedSince, uploadedAtOf(entry) ?? 0);
  }
  return { status: status?.status.toLowerCase(), history: { publishers, undecidedSince } };
}

const isUndecided = ({ provenance, _publisher, _unproven }: FileEntry) =>
  provenance !== undefined && _publisher === undefined && _unproven === undefined;

/** What is known of a file's provenance (PEP 740). */
export function provenanceOf(entry: FileEntry, { history }: JudgedPage): JudgedProvenance {
  const { _publisher: at, _unproven: reason, provenance } = entry;
  if (provenance === undefined) return { own: { state: "missing" }, history };
  const publisher = at === undefined ? undefined : history.publishers[at];
  if (publisher) return { own: { state: "verified", publisher }, history };
  return { own: reason === undefined ? { state: "undecided" } : { state: "refused", reason }, history };
}
