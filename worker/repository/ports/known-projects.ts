import type { ProjectName } from "../../pypi/name.ts";

/** What is known here of a project of a source. */
export interface KnownProject {
  readonly name: ProjectName;
  /** Whether its page is stored. */
  readonly isStored: boolean;
  /** How much clients have asked for it; later requests count more. 0 where none is known of. */
  readonly score: number;
}

/** The projects of sources that clients have asked for, by the primary keys of the records. */
export interface KnownProjects {
  /**
   * Those whose names begin so, some dozens at most, and those of these names. Rejects with `storage-failed`.
   *
   * @param beginning in the form of a normalized name
   */
  find(sources: readonly string[], beginning: string, names: readonly ProjectName[]): Promise<readonly KnownProject[]>;
}

/** The names of root listings in this isolate's memory, each in a line of its own, by the listing's digest. */
export interface ListedNames {
  /** `now` in milliseconds since the epoch. */
  get(digest: string, now: number): string | undefined;
  /** `bytes` that they take. */
  set(digest: string, names: string, bytes: number): void;
}
