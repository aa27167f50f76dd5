import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Digest } from "../../pypi/page.ts";
import type { RangeSpec } from "../range.ts";
import type { Artifact, ArtifactFacts } from "../artifact.ts";

/** Files that are kept, and their `.metadata`. */
export interface FileStore {
  /** The file, or the part of it that `range` means: one read, and one more where there is no such part. */
  get(ref: FileRef, range?: RangeSpec): Promise<Artifact | null>;
  /** What is known of the file, without a byte of it: one read, or none. */
  head(ref: FileRef): Promise<ArtifactFacts | null>;
  /**
   * A place to write a file into; nothing is visible before `commit`. It takes nothing, and says `Overtaken`, where a verified
   * file lies there, or has been put there meanwhile, or `replace` says that another digest is wanted.
   */
  create(ref: FileRef, facts: ArtifactFacts): FileSink;
  /**
   * Has what is stored under this reference never be given again, and nothing be stored but a file of the `wanted` digest; of any,
   * where the page has none. False where that was done before. Costs a read and a write.
   */
  replace(ref: FileRef, project: ProjectName, wanted: Digest | undefined): Promise<boolean>;
  /** Deletes what is stored under these references, however many. What is being stored meanwhile may still come to be there. */
  forget(refs: readonly FileRef[]): Promise<void>;
}

/** One file being written. After any rejection only `abort` may be called. */
export interface FileSink {
  /** Resolves when the chunk's memory may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the file visible, whole and verified, or rejects and leaves nothing. */
  commit(): Promise<void>;
  /** Leaves nothing. */
  abort(reason: Error): Promise<void>;
}

/** Where files are left that are not stored beside an answer. */
export interface FillQueue {
  /** Has the file stored, sooner or later, once or twice. Rejects where that cannot be promised. */
  send(ref: FileRef): Promise<void>;
  /** The same for many, in about this order; where it rejects, it may have been promised of some. */
  sendAll(refs: readonly FileRef[]): Promise<void>;
}

/** What was found out about a file that its page may not say. */
export interface FileFacts {
  /** SHA-256 of a wheel's METADATA, in lower-case hex. */
  readonly metadata?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  /** When the upstream says that it was last modified; milliseconds since the epoch. */
  readonly modifiedAt?: number | undefined;
  /** Whether a wheel's METADATA cannot be read. */
  readonly unreadable?: boolean | undefined;
}

/** What was found out about files. */
export interface FactStore {
  /** All of a project's files, by their URL as the project's page has it. One read. */
  of(project: ProjectName): Promise<ReadonlyMap<string, FileFacts>>;
  /** Adds to what is known of a file; what `facts` leave undefined stays. */
  record(project: ProjectName, url: string, facts: FileFacts): Promise<void>;
  /** Forgets all that is known of these files. One write. */
  forget(project: ProjectName, urls: readonly string[]): Promise<void>;
}
