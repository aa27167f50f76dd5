import { createHash } from "node:crypto";
import type { Spool } from "../../worker/platform/spool.ts";

/** A smaller file is in memory until it is complete: a file on the disk would cost a turn of another thread for each step. Bytes. */
export const MOST_IN_MEMORY = 256 * 1024;

/** A spool in memory, for a small file whose size is known. */
export class MemorySpool implements Spool {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #algorithm: string | undefined;
  #size = 0;

  /** @param size bytes; more are refused */
  constructor(size: number, algorithm: string | undefined) {
    this.#bytes = new Uint8Array(size);
    this.#algorithm = algorithm;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#bytes.set(chunk, this.#size);
    this.#size += chunk.byteLength;
  }

  async read(view: Uint8Array, offset: number): Promise<number> {
    const piece = this.#bytes.subarray(offset, Math.min(this.#size, offset + view.byteLength));
    view.set(piece);
    return piece.byteLength;
  }

  digest(): string | undefined {
    if (this.#algorithm === undefined) return undefined;
    return createHash(this.#algorithm).update(this.content()).digest("hex");
  }

  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  async close(): Promise<void> {
    // The memory is collected with this.
  }
}
