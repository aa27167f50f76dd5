import type { ReadRange } from "../ranged-archive.ts";

/** A record that the export says was changed. */
export interface ChangedRecord {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * OSV's export of the records on PyPI, or a copy of it. All methods throw `upstream-failed` where the host does not give a
 * usable answer.
 */
export interface OsvExport {
  /**
   * Opens the archive of all records. Reading throws where it is replaced meanwhile: parts of two archives are never put
   * together.
   */
  archive(): ReadRange;
  /** The latest changes, some thousands, in no order; null where the export has no list of them. */
  changes(): Promise<readonly ChangedRecord[] | null>;
  /** The file of a record; null where there is none. */
  record(id: string): Promise<Uint8Array | null>;
}
