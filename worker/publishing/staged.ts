import type { RangeSpec } from "../repository/range.ts";
import type { Piece } from "../repository/ranged-archive.ts";

/** Bytes that were uploaded and are nobody's yet: in memory where they are few, else in the store under a key of their own. */
export interface Staged {
  /** Bytes. */
  readonly size: number;
  /** Taken as they came, lower-case hex. */
  readonly digests: Readonly<Record<"sha256" | "md5", string>>;
  /** A part of them; what it throws is the store's failure. */
  read(range: RangeSpec): Promise<Piece>;
  /** All of them, from the first, as a stream that the store knows the length of; may be called more than once. */
  stream(): Promise<ReadableStream<Uint8Array>>;
  /** Gives them up. Never fails. */
  discard(): Promise<void>;
}
