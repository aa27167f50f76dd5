import { createHash, type Hash } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Spool } from "../../worker/platform/spool.ts";
import { orDiskFull } from "../disk-full.ts";
import { fileBody } from "./file-body.ts";
import { digestTextOf, OWN_ALGORITHM } from "./hashing.ts";
import { checkRoom } from "./room.ts";
import { append } from "./write-file.ts";

const spools = new WeakMap<ReadableStream, FileSpool>();

/** The spool that a stream is the content of; undefined for all other values. */
export const spoolOf = (value: unknown): FileSpool | undefined =>
  value instanceof ReadableStream ? spools.get(value) : undefined;

/**
 * Opens a spool: a new file in a folder, under its version. Rejects where the disk has no room for `size` bytes, or with
 * the system's error.
 */
export async function openFileSpool(
  folder: string,
  version: string,
  size: number | undefined,
  algorithm: string | undefined,
): Promise<FileSpool> {
  await checkRoom(folder, size);
  const path = join(folder, version);
  return new FileSpool(path, version, await orDiskFull(() => open(path, "wx+")), algorithm);
}

/** A file that is read while it is written, over one descriptor. It may be moved or deleted meanwhile. */
export class FileSpool implements Spool {
  readonly #path: string;
  readonly #version: string;
  readonly #handle: FileHandle;
  readonly #algorithm: string | undefined;
  readonly #hash: Hash;
  #digest: string | undefined;
  #size = 0;
  #isTaken = false;

  constructor(path: string, version: string, handle: FileHandle, algorithm: string | undefined) {
    this.#path = path;
    this.#version = version;
    this.#handle = handle;
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm ?? OWN_ALGORITHM);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const written = await orDiskFull(() => append(this.#handle, chunk, this.#hash));
    this.#size += written;
  }

  async read(view: Uint8Array, offset: number): Promise<number> {
    return (await this.#handle.read(view, 0, view.byteLength, offset)).bytesRead;
  }

  digest(): string | undefined {
    return this.#algorithm === undefined ? undefined : this.#hex();
  }

  /** The digest that a stop's damage is found by, such as `sha256=…`: also where no algorithm was given. */
  ownDigest(): string {
    return digestTextOf({ algorithm: this.#algorithm ?? OWN_ALGORITHM, hex: this.#hex() });
  }

  #hex(): string {
    return (this.#digest ??= this.#hash.digest("hex"));
  }

  /** The same. Throws where another algorithm was given when the spool was opened. */
  digestBy(algorithm: string): string {
    const digest = this.#algorithm === algorithm ? this.digest() : undefined;
    if (digest === undefined)
      throw new TypeError(`put: A spool with a digest by ${this.#algorithm} has none by ${algorithm}.`);
    return digest;
  }

  content(): ReadableStream<Uint8Array> {
    const body = fileBody({ path: this.#path, offset: 0, length: this.#size });
    spools.set(body, this);
    return body;
  }

  /**
   * Leaves the file to the caller, who moves or deletes it.
   *
   * @param synced whether its bytes must be on the disk before this resolves
   */
  async take(synced: boolean): Promise<{ readonly version: string; readonly size: number }> {
    if (synced) await this.#handle.sync();
    this.#isTaken = true;
    return { version: this.#version, size: this.#size };
  }

  async close(): Promise<void> {
    await this.#handle.close();
    if (!this.#isTaken) await rm(this.#path, { force: true });
  }
}
