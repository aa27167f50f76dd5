import { HOSTED_SEGMENT, isHostedEntry, type FileRef } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isYanked } from "../../pypi/page.ts";
import { versionOf } from "../../pypi/version.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { JudgedFile } from "../../policy/policy.ts";
import type { ArtifactFacts, ListedFile } from "../../repository/artifact.ts";
import { uploadedAtOf } from "../../pypi/upload-time.ts";
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
  return new Judged(project, entry.filename, {
    status: page?.status,
    provenance: page && provenanceOf(entry, page),
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
  return new Judged(project, ref.filename, {
    status: undefined,
    provenance: undefined,
    isHosted,
    uploadedAt: isHosted ? modifiedAt : (uploadedAt ?? undefined),
    isYanked: false,
    // A `.metadata` has a digest of its own.
    sha256: ref.part === "file" && digest?.algorithm === "sha256" ? digest.hex : undefined,
    source,
    advisories,
  });
}

/** All that is known of a file but what its filename says. */
type Known = Required<Omit<JudgedFile, "project" | "filename" | "version">>;

/** A class, since pages have thousands of files, and an object with a getter of its own takes microseconds to make. */
class Judged implements JudgedFile {
  readonly project: ProjectName;
  readonly filename: Filename;
  readonly isHosted: Known["isHosted"];
  readonly uploadedAt: Known["uploadedAt"];
  readonly isYanked: Known["isYanked"];
  readonly sha256: Known["sha256"];
  readonly source: Known["source"];
  readonly status: Known["status"];
  readonly provenance: Known["provenance"];
  readonly advisories: Known["advisories"];
  #version: string | undefined;
  #isVersionRead = false;

  constructor(project: ProjectName, filename: Filename, known: Known) {
    this.project = project;
    this.filename = filename;
    this.isHosted = known.isHosted;
    this.uploadedAt = known.uploadedAt;
    this.isYanked = known.isYanked;
    this.sha256 = known.sha256;
    this.source = known.source;
    this.status = known.status;
    this.provenance = known.provenance;
    this.advisories = known.advisories;
  }

  /** Few rules need it, and those on a page of thousands of files are asked for each. */
  get version(): string | undefined {
    if (!this.#isVersionRead) {
      this.#version = versionOf(this.filename, this.project);
      this.#isVersionRead = true;
    }
    return this.#version;
  }
}
