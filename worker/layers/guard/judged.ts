import { HOSTED_SEGMENT, isHostedEntry, type FileRef } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isYanked } from "../../pypi/page.ts";
import { versionOf } from "../../pypi/version.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { JudgedFile } from "../../policy/policy.ts";
import type { ArtifactFacts, ListedFile } from "../../repository/artifact.ts";
import { uploadedAtOf } from "../read-upstream.ts";
import { provenanceOf, type JudgedPage } from "./judged-page.ts";

/**
 * A file as its project's page lists it.
 *
 * @param page undefined where no rule looks at more of it than the entry
 * @param advisories what is known of the project's versions; undefined where no rule asks for it
 */
export function judgedEntry(
  { project, entry, source }: ListedFile,
  page?: JudgedPage,
  advisories?: Advisories,
): JudgedFile {
  const isHosted = isHostedEntry(entry);
  return judged(project, entry.filename, {
    ...(page && { status: page.status, provenance: provenanceOf(entry, page) }),
    isHosted,
    uploadedAt: uploadedAtOf(entry) ?? undefined,
    isYanked: isYanked(entry),
    sha256: entry.hashes["sha256"],
    source,
    advisories,
  });
}

/** A file as it is recorded with its bytes, which do not say whether it is yanked. */
export function judgedArtifact(
  { project, uploadedAt, modifiedAt, digest, source }: ArtifactFacts,
  ref: FileRef,
  advisories: Advisories | undefined,
): JudgedFile {
  const isHosted = ref.origin === HOSTED_SEGMENT;
  return judged(project, ref.filename, {
    isHosted,
    uploadedAt: isHosted ? modifiedAt : (uploadedAt ?? undefined),
    isYanked: false,
    // A `.metadata` has a digest of its own.
    sha256: ref.part === "file" && digest?.algorithm === "sha256" ? digest.hex : undefined,
    source,
    advisories,
  });
}

const judged = (
  project: ProjectName,
  filename: Filename,
  known: Omit<JudgedFile, "project" | "filename" | "version">,
): JudgedFile => ({
  project,
  filename,
  ...known,
  // Few rules need it, and pages have thousands of files.
  get version() {
    return versionOf(filename, project);
  },
});
