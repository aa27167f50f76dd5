import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** How it is known that a source's pages are still right: its log of changes, followed, and what of it has been made up for. */

/** An upstream's log of changes. What it throws is `upstream-failed`. */
export interface ChangeLog {
  /** The serial of its last change; null where it has no such log. One request. */
  lastSerial(): Promise<number | null>;
  /** What has changed after `serial`: null where it has no such log, `gap` where that is more than is read. One request. */
  since(serial: number): Promise<Changes | "gap" | null>;
}

export interface Changes {
  /** By name, the serial of the last of its changes. */
  readonly projects: ReadonlyMap<ProjectName, number>;
  /** The serial of the last change of all; undefined where there was none. */
  readonly last: number | undefined;
}

/** How far a source's log has been followed. One for each source; what is asked of it is asked of D1. */
export interface ChangeLogPosition {
  /** null where it has never been asked. */
  state(): Promise<ChangeLogState | null>;
  /**
   * Follows the log from `serial` on, whatever was followed before: pages are vouched for that are good after `now`, in
   * milliseconds since the epoch, and no serial that was seen before counts.
   */
  begin(serial: number, now: number): Promise<void>;
  /**
   * Notes what has changed since `from`: the pages that are kept, and older, are wanted from then on; those that are stored
   * within the next minutes, and are older, as well. False where it has been followed further meanwhile: nothing is noted.
   */
  advance(from: number, changes: Changes, now: number): Promise<boolean>;
  /** Notes that it could not be followed, and until when it is not to be asked again. Milliseconds since the epoch. */
  failed(reason: string, retryAt: number): Promise<void>;
}

/** Times are milliseconds since the epoch. */
export interface ChangeLogState {
  /** Of the last change that was followed; undefined where none ever was. */
  readonly serial: number | undefined;
  /** Pages that were good later than this are known to be still, as long as the log is followed. */
  readonly since: number;
  /** When it was last followed to its end. */
  readonly polledAt: number;
  /** It is not to be asked before. */
  readonly retryAt: number;
  /** Why it could not be followed the last time. */
  readonly failure: string | undefined;
}

/** What answers that wait for nobody ask: whether a page need not be checked. */
export interface Vouching {
  /**
   * The time after which a page of this name must have been good to be so still, in milliseconds since the epoch; Infinity
   * where nothing is known of it: the log is not followed, or it says that the page is behind. No older than 30 s, and the
   * moment that it takes to read it anew. Never rejects.
   */
  goodSince(name: ProjectName, ctx: Context): Promise<number>;
  /**
   * The time since which the log has been followed, in milliseconds since the epoch: the serials of pages that were made
   * since can be compared. Infinity where it is not. As old as the other.
   */
  followedSince(ctx: Context): Promise<number>;
}

/** How long a log is believed to be followed after it last was: one poll, or two, may fail. Milliseconds. */
const FOLLOWED = 180_000;

/** Where more pages are behind, something is wrong, and nothing is vouched for. */
export const MAX_BEHIND = 1_000;

/** Whether pages can be vouched for, given how far their source's log was followed and how many of them are behind it. */
export const isFollowed = (
  { serial, polledAt }: Pick<ChangeLogState, "serial" | "polledAt">,
  behind: number,
  now: number,
): boolean => serial !== undefined && now - polledAt < FOLLOWED && behind <= MAX_BEHIND;

/** Which pages are kept that the log says are behind. */
export interface PagesBehind {
  /** Those that were not queued later than `queuedBefore` (milliseconds since the epoch), the longest waiting first. */
  due(queuedBefore: number, limit: number): Promise<ProjectName[]>;
  /** Notes that these have been queued. */
  queued(names: readonly ProjectName[], now: number): Promise<void>;
  /** Those of `names` that are behind still, and the serial that their pages are to have. */
  among(names: readonly ProjectName[]): Promise<ReadonlyMap<ProjectName, number>>;
  /** Notes that the page, whatever serial it says, is what the upstream has at `serial`. */
  settle(name: ProjectName, serial: number): Promise<void>;
  /**
   * Notes that the upstream has no such project at `serial`: it is no longer known as kept, but where it was stored after
   * `before`, in milliseconds since the epoch.
   */
  gone(name: ProjectName, serial: number, before: number): Promise<void>;
  /** How many there are. */
  count(): Promise<number>;
}
