import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Digest } from "../../pypi/page.ts";
import type { RangeSpec } from "../range.ts";
import type { Artifact, ArtifactFacts } from "../artifact.ts";
import type { Context } from "../context.ts";
import type { FileUses } from "./stored-objects.ts";

/** The store of mirrored files and their `.metadata`. */
export interface FileStore {
  /**
   * The file, or the part of it that `range` selects. One read, or none; a second one where there is no such part.
   *
   * @param ctx where it is given, a file that the store has is copied for others who will ask, behind the answer
   */
  get(ref: FileRef, range?: RangeSpec, ctx?: Pick<Context, "defer">): Promise<Artifact | null>;
  /** The file's facts, without its bytes. One read, or none. */
  head(ref: FileRef): Promise<ArtifactFacts | null>;
  /**
   * Opens a sink for a file; nothing is visible before `commit`. The sink rejects with `StoreConflict` where a verified
   * file is stored already or has been stored meanwhile, or where `replace` demands another digest.
   */
  create(ref: FileRef, facts: ArtifactFacts): FileSink;
  /**
   * The same for bytes that are complete when they are stored: the returned function makes them visible. Nothing that is
   * stored between the two calls is overwritten.
   */
  createLater(ref: FileRef, facts: ArtifactFacts): (content: ReadableStream<Uint8Array> | Uint8Array) => Promise<void>;
  /**
   * Stops serving what is stored under this reference, for good, and from then on accepts only a file of the `wanted`
   * digest; any file where the page has no digest. False where that was done before. Costs a read and a write.
   */
  replace(ref: FileRef, project: ProjectName, wanted: Digest | undefined): Promise<boolean>;
  /**
   * Deletes what is stored under these references, any number of them. A file that is being stored at the same time may
   * remain.
   */
  forget(refs: readonly FileRef[]): Promise<void>;
}

/** One file being written. After any rejection only `abort` may be called. */
export interface FileSink {
  /** Resolves when the chunk's memory may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the complete, verified file visible, or rejects and leaves nothing behind. */
  commit(): Promise<void>;
  /** Gives the write up and leaves nothing behind. */
  abort(reason: Error): Promise<void>;
}

/** A queue of files, such as those too large to be stored while they are served. Its consumer fetches and stores them. */
export interface FillQueue {
  /** Queues a file to be stored, once or twice, at some later time. Rejects where it could not be queued. */
  send(ref: FileRef): Promise<void>;
  /** The same for many files, in about this order; where it rejects, some may have been queued. */
  sendAll(refs: readonly FileRef[]): Promise<void>;
}

/** Facts found out about a file that its page may lack. */
export interface FileFacts {
  /** SHA-256 of a wheel's METADATA, in lower-case hex. */
  readonly metadata?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  /** Last-Modified as the upstream gives it, in milliseconds since the epoch. */
  readonly modifiedAt?: number | undefined;
  /** Whether a wheel's METADATA cannot be read. */
  readonly unreadable?: boolean | undefined;
}

/** The store of facts about files. */
export interface FactStore {
  /** The facts about a project's files, by their URLs on the project's page. One read. */
  of(project: ProjectName): Promise<ReadonlyMap<string, FileFacts>>;
  /** Adds facts about a file; those left undefined stay as they are. */
  record(project: ProjectName, url: string, facts: FileFacts): Promise<void>;
  /** Deletes all facts about these files. One write. */
  forget(project: ProjectName, urls: readonly string[]): Promise<void>;
}

/** A source's stores that change when the upstream has replaced a file. */
export interface ReplacingParts {
  readonly files: FileStore;
  readonly facts: FactStore;
  readonly uses: FileUses;
}
