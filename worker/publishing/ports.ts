import type { Author } from "../auth/deed.ts";
import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ProjectStatus } from "../pypi/page.ts";
import type { Distribution } from "./distribution.ts";
import type { Staged } from "./staged.ts";

/** What publishing needs from the outside. What a port throws is `storage-failed`, unless something else is said. */

/** Where bytes are left that are nobody's yet. Nothing is stored before there are more of them than memory is for. */
export type OpenStage = () => Stage;

/** One file being uploaded. After any rejection only `abort` may be called. */
export interface Stage {
  /** Resolves when the chunk's memory may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** All of them have come. */
  finish(): Promise<Staged>;
  /** Leaves nothing. Never fails. */
  abort(): Promise<void>;
}

/** Which file of an index is meant: two spellings of one name are one file. */
export interface FileId {
  readonly index: string;
  readonly project: ProjectName;
  readonly identity: string;
}

/** What an index knows of a file that is to be published, and of its project. */
export interface Standing {
  /** undefined: the project is active, or not there yet. */
  readonly status: ProjectStatus | undefined;
  /** undefined: there never was one of this identity. */
  readonly file: HostedFile | undefined;
}

export interface HostedFile {
  /** As it was uploaded. */
  readonly filename: Filename;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The key of its bytes; undefined: it has been deleted. */
  readonly object: string | undefined;
}

/** A file whose bytes are stored, and that nobody can see yet. */
export interface NewFile {
  readonly index: string;
  readonly distribution: Distribution;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Of a wheel's METADATA, in lower-case hex; undefined for an sdist. */
  readonly metadataSha256: string | undefined;
  /** Bytes. */
  readonly size: number;
  /** The key of its bytes. */
  readonly object: string;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
  readonly author: Author;
}

/** The files that indexes host, as publishing meets them. */
export interface Shelf {
  /** Which file there is already, and whether the project takes any. One read. */
  standing(id: FileId): Promise<Standing>;
  /**
   * Makes a file visible, with its project and the audit log's line, in one transaction. Where there is a file of its identity
   * it takes that one's place with `replace`, and rejects without; it rejects where the project takes none. After any
   * rejection `standing` says what there is.
   */
  place(file: NewFile, options: { readonly replace: boolean }): Promise<void>;
}

/** The bytes of hosted files. */
export interface Vault {
  /**
   * Stores them, and a wheel's METADATA beside them, under a key that nobody has had before: they are nobody's until a file
   * has it. Verified by the store itself.
   */
  store(staged: Staged, metadata: Uint8Array | undefined): Promise<string>;
}
