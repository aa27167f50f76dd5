import type { RangeSpec } from "../repository/range.ts";
import type { Piece } from "../repository/ranged-archive.ts";

/** Uploaded bytes that are not published yet: in memory if they are few, otherwise in the store. */
export interface StagedFile {
  /** Bytes. */
  readonly size: number;
  /** Computed while the bytes arrived; lower-case hex. */
  readonly digests: Readonly<Record<"sha256" | "md5", string>>;
  /** Reads a part; throws the store's errors. */
  read(range: RangeSpec): Promise<Piece>;
  /** Streams all bytes with a length that the store knows. May be called more than once. */
  stream(): Promise<ReadableStream<Uint8Array>>;
  /** Deletes the staged bytes. Never fails. */
  discard(): Promise<void>;
}
