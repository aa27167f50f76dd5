import { HOSTED_SEGMENT, isHostedEntry, type FileRef } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { versionOf } from "../../pypi/version.ts";
import type { JudgedFile } from "../../policy/policy.ts";
import type { ArtifactFacts, ListedFile } from "../../repository/artifact.ts";
import { uploadedAtOf } from "../read-upstream.ts";
import { provenanceOf, type JudgedPage } from "./judged-page.ts";

/**
 * A file as its project's page lists it.
 *
 * @param page undefined where no rule looks at more of it than the entry
 */
export function judgedEntry({ project, entry }: ListedFile, page?: JudgedPage): JudgedFile {
  const isHosted = isHostedEntry(entry);
  return judged(project, entry.filename, {
    ...(page && { status: page.status, provenance: provenanceOf(entry, page) }),
    isHosted,
    uploadedAt: uploadedAtOf(entry) ?? undefined,
    // A reason may be empty.
    isYanked: entry.yanked !== undefined && entry.yanked !== false,
  });
}

/** A file as it is recorded with its bytes, which do not say whether it is yanked. */
export function judgedArtifact({ project, uploadedAt, modifiedAt }: ArtifactFacts, ref: FileRef): JudgedFile {
  const isHosted = ref.origin === HOSTED_SEGMENT;
  return judged(project, ref.filename, {
    isHosted,
    uploadedAt: isHosted ? modifiedAt : (uploadedAt ?? undefined),
    isYanked: false,
  });
}

const judged = (
  project: ProjectName,
  filename: Filename,
  known: Pick<JudgedFile, "isHosted" | "uploadedAt" | "isYanked" | "status" | "provenance">,
): JudgedFile => ({
  project,
  filename,
  ...known,
  // Few rules need it, and pages have thousands of files.
  get version() {
    return versionOf(filename, project);
  },
});
