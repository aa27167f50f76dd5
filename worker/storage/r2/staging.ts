import { createHash } from "node:crypto";
import type { OpenStagingFile, StagingFile } from "../../publishing/ports.ts";
import type { StagedFile } from "../../publishing/staged-file.ts";
import { freshId, stagingKey } from "../keys.ts";
import { multipartUpload } from "./multipart-upload.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Objects } from "../../platform/objects.ts";
import { stagedInMemory, stagedInStore } from "./staged-file.ts";

/** Smaller uploads are staged in memory, so most uploads cost no R2 operations for staging. Bytes. */
const IN_MEMORY_BYTES = 8 * 1024 ** 2;
const FIRST_BUFFER_BYTES = 64 * 1024;

/** Stages uploads of up to `inMemory` bytes in memory and larger ones in R2. Digests are computed as the bytes arrive. */
export const stagingIn =
  (r2: Objects, inMemory = IN_MEMORY_BYTES): OpenStagingFile =>
  () =>
    new Staging(r2, inMemory);

class Staging implements StagingFile {
  readonly #r2: Objects;
  readonly #inMemory: number;
  readonly #key = stagingKey(freshId());
  readonly #digests = { sha256: createHash("sha256"), md5: createHash("md5") };
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #sink: ReturnType<typeof multipartUpload> | undefined;
  #size = 0;

  constructor(r2: Objects, inMemory: number) {
    this.#r2 = r2;
    this.#inMemory = inMemory;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (const hash of Object.values(this.#digests)) hash.update(chunk);
    const size = this.#size + chunk.byteLength;
    if (size <= this.#inMemory) {
      this.#makeRoom(size);
      this.#buffer.set(chunk, this.#size);
    } else {
      await orStorageFailed(() => this.#send(chunk));
    }
    this.#size = size;
  }

  async finish(): Promise<StagedFile> {
    const { sha256, md5 } = this.#digests;
    const digests = { sha256: sha256.digest("hex"), md5: md5.digest("hex") };
    const sink = this.#sink;
    if (!sink) return stagedInMemory(this.#buffer.subarray(0, this.#size), { digests });
    await orStorageFailed(() => sink.commit());
    return stagedInStore(this.#r2, this.#key, { size: this.#size, digests });
  }

  async abort(): Promise<void> {
    // If this fails, R2 itself aborts the upload after a week.
    await this.#sink?.abort().catch(() => undefined);
  }

  async #send(chunk: Uint8Array): Promise<void> {
    if (!this.#sink) {
      this.#sink = multipartUpload(this.#r2, this.#key, {});
      await this.#sink.write(this.#buffer.subarray(0, this.#size));
      this.#buffer = new Uint8Array();
    }
    await this.#sink.write(chunk);
  }

  #makeRoom(size: number): void {
    if (size <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.min(Math.max(size, 2 * this.#buffer.byteLength), this.#inMemory));
    larger.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = larger;
  }
}
