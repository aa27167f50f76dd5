import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { RootBatches } from "../list-shapes.ts";
import type { Page } from "../page.ts";

/**
 * Interfaces of the mirror of one source: what was asked for, and how far each project is. Times are milliseconds since the
 * epoch, sizes are bytes.
 */

/** What an admin has asked to be mirrored. */
export interface MirrorEntry {
  /** A normalized name, in which `*` stands for any characters. */
  readonly pattern: string;
  /** As `versionMatcher` reads them; empty: every version. */
  readonly specifiers: string;
  /** Normalized, sorted. */
  readonly extras: readonly string[];
  /** With all that it requires. */
  readonly withDependencies: boolean;
}

/** Why a project is mirrored: an entry, or a requirement of another mirrored project. */
export interface MirrorDemand {
  readonly specifiers: string;
  readonly extras: readonly string[];
  readonly withDependencies: boolean;
}

/** What a mirrored project requires. */
export interface MirrorRequirement {
  readonly required: ProjectName;
  readonly specifiers: string;
  readonly extras: readonly string[];
}

/** A project that is to be looked at. */
export interface DueProject {
  readonly name: ProjectName;
  readonly dueAt: number;
  /** The serial that the change log gives for it. */
  readonly wantedSerial: number | undefined;
  /** How often in a row something of it failed. */
  readonly attempts: number;
}

/** What is known of a project that is to be looked at. */
export interface MirrorState {
  /** Empty: nothing asks for it any more. */
  readonly demands: readonly MirrorDemand[];
  readonly requirements: readonly MirrorRequirement[];
  /** Its stored files and `.metadata`, by their addresses (`fileLabel`), and whether the sweep leaves each. */
  readonly stored: ReadonlyMap<string, { readonly ref: FileRef; readonly isKept: boolean }>;
}

/** A file, or the `.metadata` of one, that is mirrored. */
export interface MirroredPiece {
  readonly ref: FileRef;
  readonly size: number;
}

/** What could not be mirrored, or what there is to know of it. */
export interface MirrorFailure {
  /** Empty: the project as a whole. */
  readonly file: string;
  readonly reason: string;
  /** Nothing failed. */
  readonly isNote: boolean;
}

/** What of a project, or of a source, is to be stored; how much of that is not stored yet; and what the filters leave out. */
export interface MirrorAmounts {
  readonly files: number;
  readonly bytes: number;
  readonly missing: number;
  readonly missingBytes: number;
  readonly leftOut: number;
}

/** How a project is after it was looked at. */
export interface ExaminedProject {
  /** When it is next looked at; null: when the change log names it. */
  readonly dueAt: number | null;
  /** Whether it was looked at to the end; otherwise time was up, and the next run goes on. */
  readonly isDone: boolean;
  /** undefined: as before. */
  readonly amounts: MirrorAmounts | undefined;
  readonly attempts: number;
  /** What the sweep must leave from now on, and what it need not leave any more. */
  readonly keep: readonly MirroredPiece[];
  readonly leave: readonly FileRef[];
  readonly failures: readonly MirrorFailure[];
  /** undefined: it is mirrored without what it requires. */
  readonly requirements: readonly MirrorRequirement[] | undefined;
}

/** What a run has done so far. */
export interface MirrorEffort {
  readonly requests: number;
  readonly files: number;
  readonly bytes: number;
}

/** What runs of a source's mirror read and write. Each method rejects where the database fails. */
export interface MirrorWork {
  /** Has the mirror for this run until `until`; undefined where another run has it. */
  lease(now: number, until: number): Promise<MirrorLease | undefined>;
  /** Projects that are due, the longest waiting first. */
  due(now: number, limit: number): Promise<DueProject[]>;
  state(name: ProjectName): Promise<MirrorState>;
  /** Records how a project is. A change that came meanwhile keeps it due. */
  examined(project: DueProject, result: ExaminedProject, now: number): Promise<void>;
  /** Nothing asks for the project any more: its files are as any others. */
  release(name: ProjectName, now: number): Promise<void>;
  /** Records those of `names` that a pattern asks for. */
  listed(names: readonly string[], now: number): Promise<void>;
  /** What is mirrored only because something requires it. */
  dependencies(): Promise<{ readonly projects: number; readonly bytes: number }>;
}

/** One run's right to work on a mirror. */
export interface MirrorLease {
  /** Whether the root listing is to be compared with the patterns. */
  readonly isListingDue: boolean;
  /** Goes on until `until`; false where another run has taken over. */
  renew(until: number, effort: MirrorEffort, now: number): Promise<boolean>;
  /** The root listing was compared with the patterns, and is next at `next`. */
  listed(next: number): Promise<void>;
  /** Records why requirements are left out; null: none are. */
  ceiling(sentence: string | null): Promise<void>;
  /**
   * Ends the run: the next one begins at `retryAt` at the earliest. `failure`: why it ended before all was done. True where there is
   * something to do, which may have been asked for meanwhile.
   */
  end(retryAt: number, effort: MirrorEffort, failure: string | null, now: number): Promise<boolean>;
}

/** How far a mirror is. */
export interface MirrorStatus extends MirrorAmounts {
  readonly entries: number;
  readonly projects: number;
  /** Projects that were never looked at, and those that are due now. */
  readonly unexamined: number;
  readonly due: number;
  /** Since when the longest waiting one is due; null: none is. */
  readonly dueSince: number | null;
  readonly errors: number;
  /** Whether the root listing is to be compared with the patterns. */
  readonly isListingDue: boolean;
  /** Whether a verification is under way, which a run does when nothing is due. */
  readonly isVerifying: boolean;
  readonly run: MirrorRun | null;
}

/** A mirror in figures that cost little to read, however large it is. */
export interface MirrorFigures extends Pick<
  MirrorStatus,
  "projects" | "files" | "bytes" | "missing" | "errors" | "dueSince"
> {
  readonly source: string;
  /** When its last run was last heard of; null: there was none. */
  readonly heardAt: number | null;
  /** When its last verification ended, and what that found and is not repaired. */
  readonly verifiedAt: number | null;
  readonly findings: number;
}

/** The last run. */
export interface MirrorRun extends MirrorEffort {
  readonly beganAt: number;
  readonly heardAt: number;
  readonly isUnderWay: boolean;
  readonly retryAt: number;
  readonly failure: string | null;
  readonly ceiling: string | null;
}

/** What could not be mirrored the last time. */
export interface MirrorError extends MirrorFailure {
  readonly project: string;
  readonly failedAt: number;
}

/** The queue of mirrors that have something to do. */
export interface MirrorQueue {
  /** Queues a run of the source's mirror. */
  send(): Promise<void>;
}

/** What of a project is mirrored and stored. */
export interface MirrorContent {
  /** The addresses of its files and `.metadata`, as `fileLabel` has them. */
  readonly stored: ReadonlySet<string>;
  /** Whether all that is to be mirrored of it is stored. */
  readonly isComplete: boolean;
  /** Another one means another content. */
  readonly digest: string;
}

/** What of a source is mirrored and stored. Its methods reject with `storage-failed`. */
export interface MirrorContents {
  /** null where nothing of the project is mirrored. One read. */
  of(name: ProjectName): Promise<MirrorContent | null>;
  /** The projects of which something is mirrored. `changedAt` in milliseconds since the epoch. */
  listing(): Promise<{ readonly digest: string; readonly changedAt: number; readonly batches: RootBatches }>;
}

/** Pages with those files only that are mirrored and stored, in this isolate's memory only. */
export interface MirrorPages {
  /** `of`: what it was made from. `now` in milliseconds since the epoch. */
  get(name: ProjectName, now: number): { readonly of: string; readonly page: Page } | undefined;
  set(name: ProjectName, page: { readonly of: string; readonly page: Page }, bytes: number): void;
}
