import { HOSTED_SEGMENT, isHostedEntry, type FileRef } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isYanked, type FileEntry } from "../../pypi/page.ts";
import { versionOf } from "../../pypi/version.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { JudgedFile, JudgedProvenance } from "../../policy/policy.ts";
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
  return new JudgedEntry(project, entry, source, page, advisories);
}

/** A file as it is recorded with its bytes, which do not say whether it is yanked. */
export function judgedArtifact(
  { project, uploadedAt, modifiedAt, digest, source }: ArtifactFacts,
  ref: FileRef,
  advisories: Advisories | undefined,
): JudgedFile {
  const isHosted = ref.origin === HOSTED_SEGMENT;
  return new JudgedArtifact(project, ref.filename, {
    isHosted,
    uploadedAt: isHosted ? modifiedAt : (uploadedAt ?? undefined),
    // A `.metadata` has a digest of its own.
    sha256: ref.part === "file" && digest?.algorithm === "sha256" ? digest.hex : undefined,
    source,
    advisories,
  });
}

/** A class, since pages have thousands of files, and an object with a getter of its own takes microseconds to make. */
abstract class NamedFile {
  readonly project: ProjectName;
  readonly filename: Filename;
  #version: string | undefined;
  #isVersionRead = false;

  constructor(project: ProjectName, filename: Filename) {
    this.project = project;
    this.filename = filename;
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

/** What the page says is read where a rule asks for it: a page is judged by few rules, mostly before this code is compiled. */
class JudgedEntry extends NamedFile implements JudgedFile {
  readonly source: string | undefined;
  readonly advisories: Advisories | undefined;
  readonly #entry: FileEntry;
  readonly #page: JudgedPage | undefined;

  constructor(
    project: ProjectName,
    entry: FileEntry,
    source: string | undefined,
    page: JudgedPage | undefined,
    advisories: Advisories | undefined,
  ) {
    super(project, entry.filename);
    this.source = source;
    this.advisories = advisories;
    this.#entry = entry;
    this.#page = page;
  }

  get isHosted(): boolean {
    return isHostedEntry(this.#entry);
  }

  get uploadedAt(): number | undefined {
    return uploadedAtOf(this.#entry) ?? undefined;
  }

  get isYanked(): boolean {
    return isYanked(this.#entry);
  }

  get sha256(): string | undefined {
    return this.#entry.hashes["sha256"];
  }

  get status(): string | undefined {
    return this.#page?.status;
  }

  get provenance(): JudgedProvenance | undefined {
    return this.#page && provenanceOf(this.#entry, this.#page);
  }
}

/** What is recorded with the bytes of a file. */
type Recorded = Required<Pick<JudgedFile, "isHosted" | "uploadedAt" | "sha256" | "source" | "advisories">>;

class JudgedArtifact extends NamedFile implements JudgedFile {
  readonly isHosted: Recorded["isHosted"];
  readonly uploadedAt: Recorded["uploadedAt"];
  readonly isYanked = false;
  readonly sha256: Recorded["sha256"];
  readonly source: Recorded["source"];
  readonly advisories: Recorded["advisories"];

  constructor(project: ProjectName, filename: Filename, known: Recorded) {
    super(project, filename);
    this.isHosted = known.isHosted;
    this.uploadedAt = known.uploadedAt;
    this.sha256 = known.sha256;
    this.source = known.source;
    this.advisories = known.advisories;
  }
}
