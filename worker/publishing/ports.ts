import type { Author } from "../auth/audit-entry.ts";
import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ProjectStatus } from "../pypi/page.ts";
import type { Signer } from "../pypi/verdict.ts";
import type { Distribution } from "./distribution.ts";
import type { Fork } from "./fork.ts";
import type { StagedFile } from "./staged-file.ts";

/** What publishing needs from outside. Ports throw `storage-failed` unless they say otherwise. */

/** Begins to stage an upload. Small uploads stay in memory; nothing is stored for them. */
export type OpenStagingFile = () => StagingFile;

/** One file that is being uploaded. After any rejection only `abort` may be called. */
export interface StagingFile {
  /** Resolves when the chunk's memory may be reused. */
  write(chunk: Uint8Array): Promise<void>;
  /** To be called after the last chunk. */
  finish(): Promise<StagedFile>;
  /** Deletes what was stored. Never fails. */
  abort(): Promise<void>;
}

/** Identifies a file of an index; two spellings of one filename are one file. */
export interface PublishedFileId {
  readonly index: string;
  readonly project: ProjectName;
  readonly identity: string;
}

/** What the database says about a file that is to be published, and about its project. */
export interface PublishState {
  /** undefined: the project is active, or does not exist yet. */
  readonly status: ProjectStatus | undefined;
  /** undefined: no file of this identity was ever published. */
  readonly file: PublishedFile | undefined;
}

export interface PublishedFile {
  /** As it was uploaded. */
  readonly filename: Filename;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The key of its bytes; undefined where the file was deleted. */
  readonly object: string | undefined;
  /** Whether it has provenance. */
  readonly isAttested: boolean;
}

/** A file whose bytes are stored and that no page lists yet. */
export interface NewFile {
  readonly index: string;
  readonly distribution: Distribution;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Of a wheel's METADATA or an sdist's PKG-INFO, in lower-case hex. */
  readonly metadataSha256: string;
  /** Bytes. */
  readonly size: number;
  /** The key of its bytes. */
  readonly object: string;
  /** What pages say; earlier than `at` for a file that comes from another index. Milliseconds since the epoch. */
  readonly uploadedAt: number;
  /** When it is published here. Milliseconds since the epoch. */
  readonly at: number;
  readonly author: Author;
  /** Of a fork: what it was made of. The first file of a release that says so counts. */
  readonly fork: Fork | undefined;
  /** undefined: it came without attestations. */
  readonly provenance?: VerifiedProvenance | undefined;
}

/** The provenance of a file, made of attestations that were verified. */
export interface VerifiedProvenance {
  /** The provenance object (PEP 740), as it is served. */
  readonly object: string;
  readonly signer: Signer;
}

/** Provenance that comes later than the file that it is of. */
export interface LaterProvenance extends Pick<NewFile, "index" | "sha256" | "at" | "author"> {
  readonly project: ProjectName;
  readonly filename: Filename;
  readonly provenance: VerifiedProvenance;
}

/** Adds files to the indexes that host them. */
export interface PublishTransaction {
  /** Reads the published file of this identity, and the project's status. One read. */
  stateOf(id: PublishedFileId): Promise<PublishState>;
  /**
   * Publishes a file: adds its row, raises its project's revision and writes the audit entry, in one transaction. It
   * rejects where the project takes no files, and, unless `replace` is set, where a file of this identity exists. After
   * any rejection, `stateOf` tells what is published.
   *
   * @returns whether the index hosts the project from now on
   */
  commit(file: NewFile, options: { readonly replace: boolean }): Promise<{ readonly isFirst: boolean }>;
  /** Adds provenance to a published file that has none, raises its project's revision and writes the audit entry, in one transaction. */
  attest(later: LaterProvenance): Promise<void>;
}

/** The CI jobs that got tokens for their identity. */
export interface TrustedJobs {
  /** The repository of the job that a token was made for; undefined: it was made for no job. `id` is the token's. */
  repositoryOf(id: string): Promise<string | undefined>;
}

/** The stored bytes of hosted files. */
export interface UploadObjects {
  /**
   * Stores a file's bytes, and its METADATA or PKG-INFO beside them, under a new key, which it returns. The store verifies the
   * digests. Until a published file has the key, the object is an orphan.
   */
  store(staged: StagedFile, metadata: Uint8Array): Promise<string>;
}
