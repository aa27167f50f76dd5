import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Digest } from "../../pypi/page.ts";
import type { MirroredPiece } from "./mirror.ts";

/**
 * Interfaces of verifications: what is stored of a source, compared with its upstream. Times are milliseconds since the epoch,
 * sizes are bytes.
 */

/** The kinds of what a verification finds. */
export type FindingKind =
  /** The page was not stored as the upstream has it. To look at it has replaced it. */
  | "page-outdated"
  /** The upstream has no such project. */
  | "project-vanished"
  /** Nothing is stored where a file should be. */
  | "file-missing"
  /** What is stored has other bytes, or another length, than its page says. */
  | "file-damaged"
  /** An object has no row. */
  | "file-without-row"
  /** The upstream, or a store, failed: nothing is known. */
  | "not-checked";

/** What is wrong. */
export interface VerificationFinding {
  readonly kind: FindingKind;
  /** A filename; empty: the project as a whole. */
  readonly file: string;
  /** In words that go on after the subject. */
  readonly fault: string;
  /** Whether it is right since. */
  readonly isRepaired: boolean;
}

/** A finding, where and when it was made. */
export interface ListedFinding extends VerificationFinding {
  readonly project: string;
  readonly foundAt: number;
}

/** What an admin asks of a verification. */
export interface VerificationDemand {
  /** Percent of the projects that are verified, chosen at random: above 0, at most 100. */
  readonly sample: number;
  /** Whether what is missing or damaged is fetched again. */
  readonly isRepairing: boolean;
  /** Whether what is stored without being mirrored on purpose is verified as well. */
  readonly isForCached: boolean;
}

/** What a verification has done. */
export interface VerificationAmounts {
  /** Projects that were passed, and those of them that were verified. */
  readonly passed: number;
  readonly verified: number;
  /** Files and `.metadata` that were read, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
}

/** How far a verification is. */
export interface VerificationStatus extends VerificationDemand, VerificationAmounts {
  readonly beganAt: number;
  /** null: it is not at its end. */
  readonly endedAt: number | null;
  /** How many projects there were when it began. */
  readonly projects: number;
  /** When its mirror may ask the upstream again, and why it did not go on; 0 and null: it can. */
  readonly retryAt: number;
  readonly failure: string | null;
  /** How many findings there are of each kind, and how many of these are repaired. */
  readonly counts: readonly { readonly kind: FindingKind; readonly found: number; readonly repaired: number }[];
  readonly findings: readonly ListedFinding[];
}

/** Verifications of all sources; `source` as in the keys of stores. Each method rejects with `storage-failed`. */
export interface Verifications {
  /**
   * Begins one, or has one with the same demand that is not at its end go on. The next run of the mirror takes over from one that is
   * at work, which ends within some seconds, or has broken off; a pause that the upstream has asked for is kept.
   */
  begin(source: string, demand: VerificationDemand, now: number): Promise<void>;
  /** The last one, with this many findings; null: there was none. */
  status(source: string, limit: number): Promise<VerificationStatus | null>;
}

/** A place among the projects and files of a source, in their order. */
export interface VerificationPlace {
  /** The last project of which all before it, and itself, are done; empty at the beginning. */
  readonly after: string;
  /** The name of the next project, a space, and the address of its last file that is done; empty: none is. */
  readonly afterFile: string;
}

/** A verification that is under way. */
export interface CurrentVerification extends VerificationDemand, VerificationPlace {
  readonly beganAt: number;
  /** How often runs ended at this place without getting on. */
  readonly tries: number;
}

/** What runs read and write of the verification of one source. Each method rejects where the database fails. */
export interface VerificationWork {
  /** undefined where none is under way. */
  current(): Promise<CurrentVerification | undefined>;
  /** The next projects in their order: those that are mirrored on purpose, and where asked for those of which something is stored. */
  names(current: CurrentVerification, limit: number): Promise<ProjectName[]>;
  /** Moves on, and adds what was done. Nothing happens where another verification has begun. */
  progress(current: CurrentVerification, place: VerificationPlace, done: VerificationAmounts): Promise<void>;
  end(current: CurrentVerification, now: number): Promise<void>;
  /** Records what was found of a project, in the place of what was known of the same files. */
  found(project: ProjectName, findings: readonly VerificationFinding[], now: number): Promise<void>;
  /** What was found of a project in this verification and is not right yet: it broke off there. */
  unrepaired(project: ProjectName): Promise<VerificationFinding[]>;
  /** Adds the rows of these objects, which the sweep leaves. */
  keep(project: ProjectName, pieces: readonly MirroredPiece[], now: number): Promise<void>;
}

/** How an object under a key is. */
export type ObjectState =
  | { readonly kind: "absent" }
  /** `size`: what was read. */
  | { readonly kind: "sound" | "damaged"; readonly size: number; readonly fault: string };

/** The bytes of one source's stored files. */
export interface StoredBytes {
  /**
   * Reads a stored file and compares it with its digest. A second read must say the same before it counts as damaged. Rejects where
   * the store fails.
   *
   * @param digest as the page says; undefined: the one that was stored with it counts
   * @param size as the page says: it counts where there is no digest
   */
  check(ref: FileRef, digest: Digest | undefined, size: number | undefined): Promise<ObjectState>;
  /**
   * Deletes a damaged file with its row, or the row of an absent one, and has its project looked at, where it is mirrored on purpose.
   * Rejects where the store or the database fails.
   */
  discard(ref: FileRef, state: ObjectState, now: number): Promise<void>;
}
