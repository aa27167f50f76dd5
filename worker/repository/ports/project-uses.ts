import type { ProjectName } from "../../pypi/name.ts";

/** A stored mirrored file. */
export interface StoredUse {
  /** Bytes. */
  readonly size: number;
  /** When it was last used; up to an hour and some minutes too early. Milliseconds since the epoch. */
  readonly usedAt: number;
}

/** Which mirrored files of a project are stored, as the records in the database have it. */
export interface ProjectUses {
  /** By their `fileLabel`, of these sources. Rejects with `storage-failed`. */
  of(sources: readonly string[], project: ProjectName): Promise<ReadonlyMap<string, StoredUse>>;
}
