import type { ProjectName } from "../../pypi/name.ts";
import type { Part } from "../range.ts";

/** A project that was carried to a source. */
export interface CarriedProject {
  /** Of the page that was carried, in lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** When it arrived. Milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * What was carried to one source of kind `offline`. The methods reject with `storage-failed` where that cannot be read, also where
 * bytes are missing that a row names: this must never be read as absence.
 */
export interface Carried {
  project(name: ProjectName): Promise<CarriedProject | undefined>;
  /** All projects, sorted, and when the last one arrived: milliseconds since the epoch, 0 where there is none. */
  projects(): Promise<{ readonly names: readonly ProjectName[]; readonly changedAt: number }>;
  count(): Promise<number>;
  /** The number of the last whole step; 0: none. */
  step(): Promise<number>;
  /** The SHA-256 of a file's provenance; undefined where none was carried. @param file its SHA-256 */
  provenanceOf(file: string): Promise<string | undefined>;
  /** Bytes by their SHA-256, whole. */
  read(sha256: string): Promise<Uint8Array>;
  /** Bytes by their SHA-256, or a part of them. @param size of all of them, in bytes */
  open(sha256: string, size: number, part: Part | undefined): Promise<ReadableStream<Uint8Array> | Uint8Array>;
}
