import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectStatus } from "../../pypi/page.ts";

/** A hosted file, or one that was deleted. Times are milliseconds since the epoch. */
export interface ReleaseFile {
  /** The filename with normalised name and version, so that all spellings of one filename are equal. */
  readonly identity: string;
  readonly filename: string;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** The reason, which may be empty; null where it is not yanked. */
  readonly yanked: string | null;
  readonly uploadedAt: number;
  /** null where it was not deleted. */
  readonly deletedAt: number | null;
  /** The key of its bytes where it was deleted and can be restored; else null. */
  readonly trashed: string | null;
}

/** A hosted project with all its files, including deleted ones. */
export interface ReleasedProject {
  readonly index: string;
  readonly project: ProjectName;
  /** undefined: active. */
  readonly status: ProjectStatus | undefined;
  /** Increases with each change of the project or its files. */
  readonly revision: number;
  readonly files: readonly ReleaseFile[];
}

/** A change of a project; `files` are files of this project. */
export type ReleaseChange =
  /** `reason`: null unyanks. */
  | { readonly kind: "yank"; readonly files: readonly ReleaseFile[]; readonly reason: string | null }
  /** Moves files into the trash. */
  | { readonly kind: "delete"; readonly files: readonly ReleaseFile[] }
  /** The same, unless another index has one of them too, or the release was used since then (milliseconds since the epoch). */
  | { readonly kind: "prune"; readonly files: readonly ReleaseFile[]; readonly unusedSince: number }
  /** Takes files out of the trash, and counts as a use of their release. */
  | { readonly kind: "restore"; readonly files: readonly ReleaseFile[] }
  | { readonly kind: "status"; readonly status: ProjectStatus | undefined }
  /**
   * `there`: the same project in the other index, as it was read; null where it does not exist there. `replaced`: its deleted files
   * of the same names, which lose their rows.
   */
  | {
      readonly kind: "promote";
      readonly files: readonly ReleaseFile[];
      readonly to: string;
      readonly there: ReleasedProject | null;
      readonly replaced: readonly ReleaseFile[];
    };

/** What a release is needed for. */
export interface ReleaseUse {
  /** Normalised (PEP 440). */
  readonly version: string;
  /** When it was last downloaded or restored, up to a day too early; null: not known. Milliseconds since the epoch. */
  readonly usedAt: number | null;
  /** Whether another index has a file of it as well, with the same bytes stored once. */
  readonly isPromoted: boolean;
}

/** What is known of the use of releases. Rejects with `storage-failed`. */
export interface ReleaseUses {
  /** Of a project's releases that have files. */
  of(index: string, project: ProjectName): Promise<ReleaseUse[]>;
  /** The projects of an index that have more than one release, sorted: those after `after`. */
  projects(index: string, after: string, limit: number): Promise<ProjectName[]>;
}

/** The database of hosted releases. Rejects with `storage-failed`, which must never be read as absence. */
export interface ReleaseStore {
  /** Reads a project and its files in one transaction; null where the index does not host it. */
  read(index: string, project: ProjectName): Promise<ReleasedProject | null>;
  /**
   * Writes a change and its audit entry, whole or not at all.
   *
   * @param project as it was read when the change was decided
   * @param now milliseconds since the epoch
   * @returns false, and writes nothing, where this project or the one in the other index has changed since it was read
   */
  write(project: ReleasedProject, change: ReleaseChange, entry: NewAuditEntry, now: number): Promise<boolean>;
}

/** Amounts over all indexes that ever hosted something, whatever the configuration has now. */
export interface HostedAmounts {
  /** How many projects were uploaded to each index that is not among these. */
  outside(indexes: readonly string[]): Promise<readonly { readonly index: string; readonly projects: number }[]>;
  /**
   * Counts files that are not deleted, and their bytes. A promoted file counts once per index. `trashed`: the bytes of the
   * files in the trash.
   */
  total(): Promise<Readonly<Record<"projects" | "files" | "bytes" | "trashed", number>>>;
}
