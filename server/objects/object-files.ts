import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Folders, syncFolder } from "./folders.ts";
import { digestTextOf, hashingOf } from "./hashing.ts";
import { pathOfObject } from "./key-path.ts";
import { checkDigest, type WantedDigest } from "./limits.ts";
import { openFileSpool, type FileSpool } from "./file-spool.ts";
import { checkRoom } from "./room.ts";
import { isSystemError } from "./system-error.ts";
import { writeNewFile } from "./write-file.ts";

/** How often a file is moved into its folder while others delete that folder. */
const MAX_TRIES = 5;

/** Bytes that were written and are not visible yet. */
export interface WrittenFile {
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Such as `sha256=…`; null: nothing is compared with it, because the key is durable and its put named none. */
  readonly digest: string | null;
  /** Whether it lies where it belongs. */
  readonly isInPlace: boolean;
}

/** What became of a row: whether the condition held, and the version that it had before. */
export interface Commit {
  readonly isStored: boolean;
  readonly old: string | undefined;
}

export const freshVersion = () => randomBytes(8).toString("hex");

/**
 * The files of objects. Each version of an object has a file of its own, so that a row and its bytes always agree: a
 * reader of an old version finishes with the old bytes.
 */
export class ObjectFiles {
  readonly root: string;
  readonly #partial: string;
  readonly #folders: Folders;
  readonly #isDurable: (key: string) => boolean;
  /** Versions whose files may be in their places before their rows are. */
  readonly #uncommitted = new Set<string>();
  #hasLeftovers = false;

  /**
   * @param root the folder of objects
   * @param partial a folder of the same file system, for files that are being written
   */
  constructor(root: string, partial: string, isDurable: (key: string) => boolean) {
    this.root = root;
    this.#partial = partial;
    this.#folders = new Folders(root);
    this.#isDurable = isDurable;
  }

  pathOf(key: string, version: string): string {
    return join(this.root, pathOfObject(key, version));
  }

  /** Whether there may be a file that no row names. */
  hasLeftovers(): boolean {
    return this.#hasLeftovers || this.#uncommitted.size > 0;
  }

  isUncommitted(version: string): boolean {
    return this.#uncommitted.has(version);
  }

  /**
   * Writes bytes beside the objects; those that are at hand and not durable at once where they belong: nothing is lost with
   * them. They are on the disk when this resolves, where the key is durable; others are refused where they would leave too
   * little room. Rejects where the bytes have another digest.
   */
  async write(
    key: string,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    wanted?: WantedDigest,
  ): Promise<WrittenFile> {
    const version = freshVersion();
    const synced = this.#isDurable(key);
    if (!synced) await checkRoom(this.#partial);
    if (!synced && source instanceof Uint8Array) return this.#writeInPlace(key, version, source, wanted);
    const hashing = hashingOf(wanted, synced);
    const size = await writeNewFile(join(this.#partial, version), source, { ...hashing, synced });
    return { key, version, size, digest: hashing.digest(), isInPlace: false };
  }

  /** Opens a spool beside the objects. Rejects where the disk has no room, or with the system's error. */
  spool(size: number | undefined, algorithm: string | undefined): Promise<FileSpool> {
    return openFileSpool(this.#partial, freshVersion(), size, algorithm);
  }

  /** Takes a spool's bytes over, as if they had been written here. Rejects where they have another digest. */
  async adopt(key: string, spool: FileSpool, wanted?: WantedDigest): Promise<WrittenFile> {
    if (wanted) checkDigest(wanted, spool.digestBy(wanted.algorithm));
    const { version, size } = await spool.take(this.#isDurable(key));
    return { key, version, size, digest: wanted ? digestTextOf(wanted) : spool.ownDigest(), isInPlace: false };
  }

  /**
   * Makes written bytes the object: moves the file into its place, then has its row written. Of the old version and the
   * new one, the file stays that the row names.
   *
   * @param commit writes the row
   * @param isCommitted whether the row has this version now
   * @returns whether the condition of the commit held
   */
  async publish(file: WrittenFile, commit: () => Promise<Commit>, isCommitted: () => boolean): Promise<boolean> {
    const { key, version } = file;
    this.#uncommitted.add(version);
    try {
      if (!file.isInPlace) await this.#moveIntoPlace(file);
      const { isStored, old } = await commit();
      const unnamed = isStored ? old : version;
      // The object is as it should be, whatever becomes of this file: it is found when the folder is opened again.
      if (unnamed !== undefined) await this.remove(key, unnamed).catch(() => undefined);
      return isStored;
    } catch (error) {
      await this.discard(file);
      // An error says that the row was not written, unless the thread that writes has died.
      if (!isCommitted()) await this.remove(key, version).catch(() => undefined);
      throw error;
    } finally {
      this.#uncommitted.delete(version);
    }
  }

  /** Deletes written bytes that are not to become an object. */
  async discard({ key, version, isInPlace }: WrittenFile): Promise<void> {
    if (isInPlace) await this.remove(key, version).catch(() => undefined);
    else await rm(join(this.#partial, version), { force: true }).catch(() => undefined);
  }

  /**
   * Deletes a version's file, where there is one, and the folders that are empty then. No row may name it. Rejects with
   * the system's error.
   */
  async remove(key: string, version: string): Promise<void> {
    const path = this.pathOf(key, version);
    try {
      await rm(path, { force: true });
    } catch (error) {
      this.#hasLeftovers = true;
      throw error;
    }
    await this.#folders.prune(dirname(path));
  }

  async #writeInPlace(
    key: string,
    version: string,
    source: Uint8Array,
    wanted: WantedDigest | undefined,
  ): Promise<WrittenFile> {
    const path = this.pathOf(key, version);
    this.#uncommitted.add(version);
    try {
      return await this.#inFolder(dirname(path), false, async () => {
        // A second try reads all bytes again, and has a digest of its own.
        const hashing = hashingOf(wanted, false);
        const size = await writeNewFile(path, source, { ...hashing, synced: false });
        return { key, version, size, digest: hashing.digest(), isInPlace: true };
      });
    } catch (error) {
      this.#uncommitted.delete(version);
      throw error;
    }
  }

  async #moveIntoPlace({ key, version }: WrittenFile): Promise<void> {
    const path = this.pathOf(key, version);
    const folder = dirname(path);
    const synced = this.#isDurable(key);
    await this.#inFolder(folder, synced, () => rename(join(this.#partial, version), path));
    if (synced) await syncFolder(folder);
  }

  /** Does what needs a folder, which is made where there is none. */
  async #inFolder<Result>(folder: string, synced: boolean, work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#folders.ensure(folder, synced);
        return await work();
      } catch (error) {
        // The last other file of the folder was deleted, and the folder with it.
        if (tries === MAX_TRIES || !isSystemError(error, "ENOENT")) throw error;
        this.#folders.forget(folder);
      }
    }
  }
}
