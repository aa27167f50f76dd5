import { HOSTED_SEGMENT, isHostedEntry, type FileRef } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { versionOf } from "../../pypi/version.ts";
import type { JudgedFile } from "../../policy/policy.ts";
import type { ArtifactFacts, ListedFile } from "../../repository/artifact.ts";
import { uploadedAtOf } from "../read-upstream.ts";

/** A file as its project's page lists it. */
export function judgedEntry({ project, entry }: ListedFile): JudgedFile {
  const isHosted = isHostedEntry(entry);
  return judged(project, entry.filename, {
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
  { isHosted, uploadedAt, isYanked }: Pick<JudgedFile, "isHosted" | "uploadedAt" | "isYanked">,
): JudgedFile => ({
  project,
  filename,
  isHosted,
  uploadedAt,
  isYanked,
  // Few rules need it, and pages have thousands of files.
  get version() {
    return versionOf(filename, project);
  },
});
