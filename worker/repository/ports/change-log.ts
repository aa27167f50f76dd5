import { MINUTE } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/**
 * Interfaces of a source's change log. While the log is followed, pages that it does not name are known to be current.
 */

/** An upstream's change log. Its methods throw `upstream-failed`. */
export interface ChangeLog {
  /** The serial of the latest change; null where the upstream has no change log. One request. */
  lastSerial(): Promise<number | null>;
  /**
   * What has changed after `serial`: null where the upstream has no change log, `gap` where there are more changes than
   * are read. One request.
   */
  since(serial: number): Promise<Changes | "gap" | null>;
}

export interface Changes {
  /** The serial of each project's latest change. */
  readonly projects: ReadonlyMap<ProjectName, number>;
  /** The serial of the latest change of all; undefined where there was none. */
  readonly last: number | undefined;
}

/** How far a source's change log has been followed. One for each source; its methods read and write D1. */
export interface ChangeLogPosition {
  /** null where the log has never been read. */
  state(): Promise<ChangeLogState | null>;
  /**
   * Starts to follow the log from `serial` on, whatever was followed before. Pages that are found current after `now`
   * (milliseconds since the epoch) are confirmed; serials from before are forgotten.
   */
  begin(serial: number, now: number): Promise<void>;
  /**
   * Records the changes since `from`: stored pages with lower serials are then behind, and so are older pages that are
   * stored within the next minutes. False where another run has followed the log further meanwhile: nothing is
   * recorded.
   */
  advance(from: number, changes: Changes, now: number): Promise<boolean>;
  /** Records that the log could not be read, and when it may be read again. Milliseconds since the epoch. */
  failed(reason: string, retryAt: number): Promise<void>;
}

/** Times are milliseconds since the epoch. */
export interface ChangeLogState {
  /** Serial of the latest change that was followed; undefined where none was. */
  readonly serial: number | undefined;
  /** Pages that were found current later than this are known to be current still, while the log is followed. */
  readonly since: number;
  /** When the log was last read to its end. */
  readonly polledAt: number;
  /** The log must not be read before this time. */
  readonly retryAt: number;
  /** Why the last attempt to read the log failed. */
  readonly failure: string | undefined;
}

/** Tells whether the change log confirms a page: it then needs no revalidation. */
export interface ChangeLogConfirmation {
  /**
   * A page of this name that was found current after the returned time (milliseconds since the epoch) still is.
   * Infinity where that is unknown: the log is not followed, or it says that the page is behind. The answer may be 30 s
   * old, plus the time of a read. Never rejects.
   */
  goodSince(name: ProjectName, ctx: Context): Promise<number>;
  /**
   * Since when the log has been followed, in milliseconds since the epoch: serials of pages made later can be compared.
   * Infinity where it is not followed. May be as old as the other answer.
   */
  followedSince(ctx: Context): Promise<number>;
}

/** How long after its last reading a log counts as followed: one or two attempts may fail. Milliseconds. */
const FOLLOWED = 3 * MINUTE;

/** If more pages than this are behind, something is wrong, and no page is confirmed. */
export const MAX_BEHIND = 1_000;

/** Whether the change log confirms pages (not after the clock was set back), given when the source's log was last read and how many pages are behind it. */
export const isFollowed = (
  { serial, polledAt }: Pick<ChangeLogState, "serial" | "polledAt">,
  behind: number,
  now: number,
): boolean => serial !== undefined && Math.abs(now - polledAt) < FOLLOWED && behind <= MAX_BEHIND;

/** The stored pages that are behind the change log. */
export interface PagesBehind {
  /** Those not queued since `queuedBefore` (milliseconds since the epoch), the longest waiting first. */
  due(queuedBefore: number, limit: number): Promise<ProjectName[]>;
  /** Records that these were queued. */
  queued(names: readonly ProjectName[], now: number): Promise<void>;
  /** Those of `names` that are still behind, each with the serial that its page should have. */
  among(names: readonly ProjectName[]): Promise<ReadonlyMap<ProjectName, number>>;
  /** Records that the page is current as of `serial`, whatever serial it carries itself. */
  settle(name: ProjectName, serial: number): Promise<void>;
  /**
   * Records that the upstream has no such project as of `serial`: its page is removed from the catalog, unless it was
   * stored after `before`. Times are milliseconds since the epoch.
   */
  gone(name: ProjectName, serial: number, times: { readonly before: number; readonly now: number }): Promise<void>;
  /** How many pages are behind. */
  count(): Promise<number>;
}
