import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** Interfaces that jobs need and that belong to no single source. Times are milliseconds since the epoch. */

/** Cloudflare's cache in front of the worker. */
export interface Edge {
  /**
   * Purges all answers with one of these tags, at most 100 of them, or every answer. Rejects where the purge failed.
   */
  purge(what: readonly string[] | "everything"): Promise<void>;
}

/** When jobs last ran, for jobs that continue where they ended; and when crons last ran (`cronRow`). */
export interface Runs {
  /** undefined where the job has never run. */
  last(job: string): Promise<number | undefined>;
  /** When each job that has ever run last ran, by the name of the job. */
  all(): Promise<ReadonlyMap<string, number>>;
  note(job: string, at: number): Promise<void>;
}

/** A time later than `after`, and no later than `until`. */
export interface TimeSpan {
  readonly after: number;
  readonly until: number;
}

/** The projects whose stored pages changed lately, of all sources together. */
export interface RecentChanges {
  /** The projects whose pages changed in one of the two spans, each once. */
  changed(first: TimeSpan, second: TimeSpan, limit: number): Promise<ProjectName[]>;
}

/** A queue message that failed at each delivery. */
export interface DeadLetter {
  /** The platform's id of the message, the same at each delivery. */
  readonly id: string;
  /** The queue it was sent to: its name where it is stored, and its role where it is read. */
  readonly queue: string;
  /** A JSON value. */
  readonly body: unknown;
}

/** The stored dead letters, kept until an administrator sends them again or discards them. */
export interface DeadLetters {
  /** Stores a dead letter; one that is stored already is not changed. */
  keep(letter: DeadLetter, now: number): Promise<void>;
  oldest(limit: number): Promise<DeadLetter[]>;
  /**
   * Sends it to its queue again, unchanged, and deletes it here. Rejects, and keeps it, where the queue does not accept
   * it.
   */
  resend(letter: DeadLetter): Promise<void>;
  /** Deletes those that are stored since this time or earlier. Milliseconds since the epoch. */
  discard(until: number): Promise<void>;
  /** How many there are for each existing queue, by its role. */
  counts(): Promise<ReadonlyMap<string, number>>;
}

/** An object in the store; its size in bytes. */
export interface OrphanObject {
  readonly key: string;
  readonly size: number;
}

/** Objects under one prefix that stay, since the database's answer about them is not reliable. */
export interface KeptObjects {
  readonly prefix: "hosted/" | "staging/";
  /** It answered for some of the objects only; or it has no hosted files at all, so that it may have lost them. */
  readonly reason: "incomplete-answer" | "no-files-in-database";
}

/** An upload session that could not be ended: its file's name, and the store's message. */
export interface FailedAbort {
  readonly filename: string;
  readonly reason: string;
}

/** What uploads and tokens have left behind. A dry run changes nothing, and returns what would be done. */
export interface Cleanup {
  /**
   * Looks through the next objects that uploads have stored, and deletes orphans: those that are older than `before`
   * says for their prefix and that no hosted file names. Each is checked again right before it is deleted. Where the
   * check is not reliable, no more objects under that prefix are deleted, and `kept` says why.
   */
  objects(
    before: Readonly<Record<KeptObjects["prefix"], number>>,
    dryRun: boolean,
  ): Promise<{
    readonly seen: number;
    readonly deleted: readonly OrphanObject[];
    readonly kept: readonly KeptObjects[];
  }>;
  /**
   * Takes files out of the trash that were deleted earlier than this: they cannot be restored any more, and their objects are
   * orphans. Writes an audit entry for each release.
   */
  trash(before: number, now: number, dryRun: boolean): Promise<readonly EmptiedRelease[]>;
  /**
   * Ends upload sessions that were begun earlier than this: returns the names of their files, and those that could not
   * be ended.
   */
  uploads(
    before: number,
    dryRun: boolean,
  ): Promise<{ readonly ended: readonly string[]; readonly failed: readonly FailedAbort[] }>;
  /**
   * Deletes tokens that expired or were revoked before these times (`minted` for tokens that were exchanged for an
   * identity token, `made` for all others) and returns how many.
   */
  tokens(before: { readonly minted: number; readonly made: number }, dryRun: boolean): Promise<number>;
}

/** A release that an index does not keep; the sizes of its files in bytes. */
export interface PrunedRelease {
  readonly index: string;
  readonly project: ProjectName;
  readonly version: string;
  readonly reason: "dev" | "prerelease" | "per_project";
  readonly files: number;
  readonly bytes: number;
}

/** An index with rules for which releases it keeps. */
export interface KeepingIndex {
  readonly name: string;
  /** For how long a release is kept after its last use. Milliseconds. */
  readonly unused: number;
}

/** Releases that are kept or not, by the rules of the indexes that host them. */
export interface Retention {
  readonly indexes: readonly KeepingIndex[];
  /**
   * Moves releases into the trash that an index does not keep, each whole or not at all; a dry run moves none, and returns what would
   * be moved.
   *
   * @param limit how many releases at most
   */
  prune(
    index: string,
    options: { readonly dryRun: boolean; readonly limit: number },
    ctx: Context,
  ): Promise<PrunedRelease[]>;
  /** Waits until every request that begins sees what was written before. */
  settle(): Promise<void>;
}

/** A release of which files were deleted for good. */
export interface EmptiedRelease {
  readonly index: string;
  readonly project: string;
  readonly version: string;
  readonly files: number;
}
