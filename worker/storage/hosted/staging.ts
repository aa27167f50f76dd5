import type { OpenStage, Stage } from "../../publishing/ports.ts";
import type { Staged } from "../../publishing/staged.ts";
import { freshId, stagingKey } from "../keys.ts";
import { partsInto } from "../parts.ts";
import { orStorageFailed } from "./failure.ts";
import { stagedInMemory, stagedInStore } from "./staged.ts";

/** So many stay in memory: most uploads then cost no more than what they leave. Bytes. */
const IN_MEMORY = 8 * 1024 ** 2;
const FIRST = 64 * 1024;

/** Stages uploads in memory up to so many bytes, else in R2; digests are taken on the way. */
export const stagingIn =
  (r2: R2Bucket, inMemory = IN_MEMORY): OpenStage =>
  () =>
    new Staging(r2, inMemory);

class Staging implements Stage {
  readonly #r2: R2Bucket;
  readonly #inMemory: number;
  readonly #key = stagingKey(freshId());
  readonly #digests = { sha256: digesting("SHA-256"), md5: digesting("MD5") };
  #buffer = new Uint8Array(FIRST);
  #sink: ReturnType<typeof partsInto> | undefined;
  #size = 0;

  constructor(r2: R2Bucket, inMemory: number) {
    this.#r2 = r2;
    this.#inMemory = inMemory;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await Promise.all([this.#digests.sha256.write(chunk), this.#digests.md5.write(chunk)]);
    const size = this.#size + chunk.byteLength;
    if (size <= this.#inMemory) {
      this.#makeRoom(size);
      this.#buffer.set(chunk, this.#size);
    } else {
      await orStorageFailed(() => this.#send(chunk));
    }
    this.#size = size;
  }

  async finish(): Promise<Staged> {
    const [sha256, md5] = await Promise.all([this.#digests.sha256.hex(), this.#digests.md5.hex()]);
    const digests = { sha256, md5 };
    const sink = this.#sink;
    if (!sink) return stagedInMemory(this.#buffer.subarray(0, this.#size), { digests });
    await orStorageFailed(() => sink.commit());
    return stagedInStore(this.#r2, this.#key, { size: this.#size, digests });
  }

  async abort(): Promise<void> {
    // What was begun and is not ended R2 itself gives up after a week.
    await this.#sink?.abort().catch(() => undefined);
  }

  async #send(chunk: Uint8Array): Promise<void> {
    if (!this.#sink) {
      this.#sink = partsInto(this.#r2, this.#key, {});
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

/** A digest of what is written to it. */
function digesting(algorithm: "SHA-256" | "MD5") {
  const stream = new crypto.DigestStream(algorithm);
  const writer = stream.getWriter();
  return {
    write: (chunk: Uint8Array) => writer.write(chunk),
    /** Of all that was written, in lower-case hex. */
    async hex(): Promise<string> {
      await writer.close();
      return new Uint8Array(await stream.digest).toHex();
    },
  };
}
