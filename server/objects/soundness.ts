import { stat } from "node:fs/promises";
import type { Sqlite } from "../sqlite/sqlite.ts";
import { faultByDigest } from "./digest-of.ts";
import type { ObjectFiles } from "./object-files.ts";
import { deleteVersion, rowOf, type ObjectRow } from "./object-rows.ts";
import { remedyFor } from "./remedies.ts";
import { isSystemError } from "./system-error.ts";

interface Parts {
  readonly db: Sqlite;
  readonly files: ObjectFiles;
  readonly isDurable: (key: string) => boolean;
  /** Versions whose bytes a stop may have damaged. */
  readonly suspects: ReadonlySet<string>;
  /** Whether the rows are of this folder, and not of one that was here before. */
  readonly isInPlace: () => boolean;
  /** Takes a sentence for each durable object whose bytes are lost. */
  readonly log: (line: string) => void;
}

/**
 * Knows whether the disk still has an object's bytes. After a power failure a file can have its length and be full of
 * zeros: what was not written back then is compared with its digest when it is first wanted.
 */
export class Soundness {
  readonly #parts: Parts;
  readonly #suspects: Set<string>;
  readonly #verifying = new Map<string, Promise<string | undefined>>();
  readonly #reported = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#suspects = new Set(parts.suspects);
  }

  /** Whether a stop may have taken an object away that can be fetched again. */
  mayBeAbsent({ key, version }: ObjectRow): boolean {
    return this.#suspects.has(version) && !this.#parts.isDurable(key);
  }

  /** Whether a stop has left nothing open about an object's bytes, or they turn out to be right. Rejects as `isSound` does. */
  async isUndamaged(row: ObjectRow): Promise<boolean> {
    return !this.#suspects.has(row.version) || this.isSound(row);
  }

  /**
   * Whether the bytes of an object are there, with the right length and, of a suspect, with the right digest. Where they
   * are not, the object is deleted. Rejects where it is durable, which is never absence, and with the system's error.
   */
  async isSound(row: ObjectRow): Promise<boolean> {
    const fault = await this.#faultOf(row);
    if (fault === undefined) return true;
    const { db, files, isDurable, isInPlace } = this.#parts;
    // It was replaced or deleted since its row was read.
    if (rowOf(db, row.key)?.version !== row.version) return false;
    // Where the whole folder is away, with the disk that it is on, nothing is known of the object.
    await stat(files.root);
    if (!isInPlace()) throw new Error(`${files.root} is not the folder of objects that was opened.`);
    if (isDurable(row.key)) throw this.#lost(row, fault);
    await deleteVersion(db, row);
    await files.remove(row.key, row.version);
    return false;
  }

  #lost({ key, version }: ObjectRow, fault: string): Error {
    const sentence = `The bytes of ${key} are lost: ${this.#parts.files.pathOf(key, version)} ${fault}.`;
    if (!this.#reported.has(version)) {
      this.#reported.add(version);
      this.#parts.log(
        `${sentence} Until its bytes are there again, clients get 503. ${remedyFor(key)} ` +
          "A file that is put back under the same name is given at once; the server need not be stopped.",
      );
    }
    return new Error(sentence);
  }

  async #faultOf(row: ObjectRow): Promise<string | undefined> {
    const path = this.#parts.files.pathOf(row.key, row.version);
    const size = await sizeOf(path);
    if (size === undefined) return "is not there";
    if (size !== row.size) return `has ${size} bytes instead of ${row.size}`;
    return this.#suspects.has(row.version) ? this.#verified(path, row) : undefined;
  }

  /** Several who want one object wait for one reading of it. */
  async #verified(path: string, { key, version, digest }: ObjectRow): Promise<string | undefined> {
    // A durable object was on the disk before it had a row; without a digest nothing more can be known.
    if (digest === null) return this.#parts.isDurable(key) ? undefined : "may not have been written, and has no digest";
    const verifying = this.#verifying.get(version) ?? faultByDigest(path, digest);
    this.#verifying.set(version, verifying);
    try {
      const fault = await verifying;
      if (fault === undefined) this.#suspects.delete(version);
      return fault;
    } finally {
      this.#verifying.delete(version);
    }
  }
}

/** The size of a file in bytes; undefined where there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error, "ENOENT") || isSystemError(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
