import type { Deed } from "../../auth/deed.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectStatus } from "../../pypi/page.ts";

/** A file that an index hosts, or hosted. Times are milliseconds since the epoch. */
export interface ReleaseFile {
  /** The filename with name and version normalised: two spellings of one file have one. */
  readonly identity: string;
  readonly filename: string;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** The reason, which may be empty; null: it is not yanked. */
  readonly yanked: string | null;
  readonly uploadedAt: number;
  /** null: it is there. */
  readonly deletedAt: number | null;
}

/** A project that an index hosts, with all its files, the deleted ones too. */
export interface ReleasedProject {
  readonly index: string;
  readonly project: ProjectName;
  /** undefined: active. */
  readonly status: ProjectStatus | undefined;
  /** Goes up with each change of it or a file of it. */
  readonly revision: number;
  readonly files: readonly ReleaseFile[];
}

/** What is to be written of a project; `files` are its own. */
export type Change =
  /** `reason`: null where they are to be yanked no longer. */
  | { readonly kind: "yank"; readonly files: readonly ReleaseFile[]; readonly reason: string | null }
  /** `forGood`: their names stay used. */
  | { readonly kind: "delete"; readonly files: readonly ReleaseFile[]; readonly forGood: boolean }
  | { readonly kind: "status"; readonly status: ProjectStatus | undefined }
  /** `there`: the project in the other index as it was read; null: it does not host it. */
  | {
      readonly kind: "promote";
      readonly files: readonly ReleaseFile[];
      readonly to: string;
      readonly there: ReleasedProject | null;
    };

/** Where what indexes host is written down. Rejects with `storage-failed`, which is never absence. */
export interface ReleaseStore {
  /** Project and files of one moment; null where the index does not host it. */
  read(index: string, project: ProjectName): Promise<ReleasedProject | null>;
  /**
   * Writes a change, whole or not at all, and the deed with it.
   *
   * @param project as it was read, which is what the change was decided on
   * @param now milliseconds since the epoch
   * @returns false, and nothing is written, where the project or the one in the other index has changed since it was read
   */
  write(project: ReleasedProject, change: Change, deed: Deed, now: number): Promise<boolean>;
}

/** How much all indexes host together. */
export interface HostedAmounts {
  /** Files that are there, and their bytes; a promoted one counts in each of its indexes. */
  total(): Promise<{ readonly projects: number; readonly files: number; readonly bytes: number }>;
}
