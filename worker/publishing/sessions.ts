import type { AnnouncedFile } from "./announced.ts";
import type { Staged } from "./staged.ts";

/** An upload that comes in parts. */
export interface UploadSession extends AnnouncedFile {
  /** Begins with the name of its index, and a dot. */
  readonly id: string;
  /** Who began it: a principal's id. */
  readonly actor: string;
  /** Of all parts but the last, in bytes. */
  readonly partSize: number;
  /** The store's name for what its parts become. */
  readonly multipart: string;
  /** What the store calls those that have arrived, by number; the first is 1. */
  readonly parts: ReadonlyMap<number, string>;
}

/** One that is to begin. */
export interface NewSession extends Omit<UploadSession, "parts"> {
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
}

/** A file of the same name that an index has, or had. */
export interface Namesake {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Whether it is there; its name is used all the same. */
  readonly isThere: boolean;
}

/** The uploads that have begun and not ended. What it throws is `storage-failed`. */
export interface UploadSessions {
  /** null: there is none. */
  find(id: string): Promise<UploadSession | null>;
  /** The one of this file that this actor has begun; null: none. */
  findSame(file: AnnouncedFile, actor: string): Promise<UploadSession | null>;
  /** Returns false, and has begun nothing, where the actor has begun the same or has `limit` already. */
  begin(session: NewSession, limit: number): Promise<boolean>;
  /** Notes that a part has arrived. Returns false where the upload has ended. */
  note(id: string, number: number, etag: string): Promise<boolean>;
  /** That part has not arrived; without a number, none has. */
  forget(id: string, number?: number): Promise<void>;
  end(id: string): Promise<void>;
  /** The file of this very name that the index has or had; undefined: none. */
  namesake(file: AnnouncedFile): Promise<Namesake | undefined>;
}

/** What a part or a whole is known by. */
export type PartsOf = Pick<UploadSession, "id" | "multipart" | "size">;

/**
 * `done`, or why not. `closed`: the parts have become one already, or were given up. `unfit`: one of them is not what it was
 * noted as.
 */
export type Assembled = "done" | "closed" | "unfit";

/** Where their bytes are. What it throws is `storage-failed`, unless something else is said. */
export interface PartStore {
  /** Makes a place for parts, and says what it is called. */
  begin(id: string): Promise<string>;
  /**
   * Stores a part, in place of one of the same number.
   *
   * @param size bytes, which `chunks` have together; what they throw is thrown on, and nothing is stored
   * @returns what the store calls it; undefined where no more parts are taken
   */
  put(upload: PartsOf, number: number, size: number, chunks: AsyncIterable<Uint8Array>): Promise<string | undefined>;
  /** Makes one of all parts. */
  assemble(upload: UploadSession): Promise<Assembled>;
  /** Whether all parts have become one. */
  isAssembled(upload: PartsOf): Promise<boolean>;
  /** What they have become, read once for its digests. */
  staged(upload: PartsOf): Promise<Staged>;
  /** Gives up all that there is. Never fails. */
  discard(upload: PartsOf): Promise<void>;
}
