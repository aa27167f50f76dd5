/**
 * Opens a spool. Rejects where the platform cannot take so many bytes now.
 *
 * @param wanted `size`: bytes that will be written, where that is known; `algorithm`: of the digest to be taken of them
 */
export type OpenSpool = (wanted: {
  readonly size: number | undefined;
  readonly algorithm: string | undefined;
}) => Promise<Spool>;

/**
 * The bytes of a file while they are being fetched: one writes them, others read those that are there, and in the end
 * they become an object without being copied.
 */
export interface Spool {
  /**
   * Appends a chunk. Resolves when its bytes can be read; its memory may then be used again. After a rejection the bytes
   * are of no use.
   */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Reads from `offset` as much as there is and as the view holds.
   *
   * @returns the number of bytes
   */
  read(view: Uint8Array, offset: number): Promise<number>;
  /** The digest of all bytes, in lower-case hex; undefined without an algorithm. Nothing may be written afterwards. */
  digest(): string | undefined;
  /**
   * All bytes, for a put into the same platform's objects: that takes them over as they lie, and checks a digest that
   * its options name by the one taken here. Nothing may be written afterwards.
   */
  content(): ReadableStream<Uint8Array> | Uint8Array;
  /** Ends reading and writing. Bytes that no put has taken over are deleted. */
  close(): Promise<void>;
}
