import type { AnnouncedFile } from "./announcement.ts";
import type { StagedFile } from "./staged-file.ts";

/** An upload that arrives in parts. */
export interface UploadSession extends AnnouncedFile {
  /** `{index}.{random}`. */
  readonly id: string;
  /** The id of the principal that began it. */
  readonly actor: string;
  /** Size of every part except the last. Bytes. */
  readonly partSize: number;
  /** The store's id of the multipart upload. */
  readonly multipart: string;
  /** The store's ETags of the parts that have arrived, by number; the first is 1. */
  readonly parts: ReadonlyMap<number, string>;
}

export interface NewSession extends Omit<UploadSession, "parts"> {
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
}

/** A file of this name that the index has or had. */
export interface SameNamedFile {
  /** Lower-case hex. */
  readonly sha256: string;
  /** false: it was deleted, but its name stays used. */
  readonly isThere: boolean;
  /** Whether it has provenance. */
  readonly isAttested: boolean;
}

/** The uploads in parts that are not finished. Throws `storage-failed`. */
export interface UploadSessions {
  /** null where there is none. */
  find(id: string): Promise<UploadSession | null>;
  /** The unfinished upload of the same file by the same principal; null where there is none. */
  findSame(file: AnnouncedFile, actor: string): Promise<UploadSession | null>;
  /**
   * Begins an upload. Returns false, and begins nothing, where the principal has begun the same upload, or has `limit`
   * unfinished ones.
   */
  begin(session: NewSession, limit: number): Promise<boolean>;
  /** Records that a part has arrived. Returns false where the upload has ended. */
  note(id: string, number: number, etag: string): Promise<boolean>;
  /** Records that a part is missing; without `number`, that all are. */
  forget(id: string, number?: number): Promise<void>;
  end(id: string): Promise<void>;
  /** Finds the file of this name that the index has or had; undefined where there was none. */
  findSameNamed(file: AnnouncedFile): Promise<SameNamedFile | undefined>;
}

/** Identifies an upload in the store. */
export type StoredUpload = Pick<UploadSession, "id" | "multipart" | "size">;

/** `closed`: the parts were assembled before, or were discarded. `unfit`: a part differs from what was recorded. */
export type AssembleResult = "done" | "closed" | "unfit";

/** Stores the bytes of parts. Throws `storage-failed` unless stated otherwise. */
export interface PartStore {
  /** Begins a multipart upload and returns the store's id for it. */
  begin(id: string): Promise<string>;
  /**
   * Stores a part; one with the same number is replaced.
   *
   * @param size the total of `chunks`, in bytes; errors of `chunks` are passed on, and nothing is stored
   * @returns the part's ETag; undefined where the upload takes no more parts
   */
  put(
    upload: StoredUpload,
    number: number,
    size: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<string | undefined>;
  /** Assembles all parts to one object. */
  assemble(upload: UploadSession): Promise<AssembleResult>;
  isAssembled(upload: StoredUpload): Promise<boolean>;
  /** Reads the assembled object once for its digests. */
  staged(upload: StoredUpload): Promise<StagedFile>;
  /** Deletes everything of this upload. Never fails. */
  discard(upload: StoredUpload): Promise<void>;
}
