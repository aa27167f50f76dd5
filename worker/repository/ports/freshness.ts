import { MINUTE } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/**
 * When pages, documents and the root listing were last revalidated, and with what result. Times are milliseconds since
 * the epoch.
 */
export interface Freshness {
  /** Whether a value is fresh. Reads only as many places as it takes to find out. */
  standing(what: string, asked: FreshnessQuestion): Promise<FreshnessState>;
  /** Records that the stored value was just found to be current. */
  good(what: string, ctx: Context): void;
  /** Forgets all of that. */
  forget(what: string, ctx: Context): void;
  /**
   * Records that revalidation failed, that the value was last current at `since`, and that the upstream must not be
   * asked before `retryAt`.
   */
  failed(what: string, since: number, retryAt: number, ctx: Context): void;
}

/**
 * Remembers which names a source does not own, for the time when it fails. Only for names that a later source has
 * served.
 */
export interface AbsentNames {
  /** The source has just given the name's page: an earlier "does not own it" no longer counts. */
  noteOwned(name: ProjectName, ctx: Context): void;
  /** The source has just answered that it does not own the name. */
  noteAbsent(name: ProjectName, ctx: Context): void;
  /** Whether it said so after `after`, and nothing seen since contradicts it. */
  isAbsent(name: ProjectName, after: number, ctx: Context): Promise<boolean>;
}

/** A value stored at `changedAt` is fresh if it was current later than `staleBefore`. */
export interface FreshnessQuestion {
  readonly changedAt: number;
  readonly staleBefore: number;
  readonly now: number;
  /** It is also fresh if it was current later than this. Called only where `staleBefore` does not decide. */
  readonly goodSince?: (() => Promise<number>) | undefined;
}

/** `since` is when it was last known to be current; where that was lost, when its revalidation first failed. */
export type FreshnessState =
  | { readonly kind: "fresh" }
  /** The upstream has just failed and is not asked for now. */
  | { readonly kind: "failing"; readonly since: number }
  /** The upstream is to be asked; `since` is undefined where the last revalidation is unknown. */
  | { readonly kind: "due"; readonly since: number | undefined };

/** How long a project counts as just listed: its files are asked for right after its page. Milliseconds. */
export const JUST_LISTED_TTL = MINUTE;

/** The root listing's key among names and paths, none of which is empty. */
export const ROOT_LISTING = "";

/** Values by keys that expire, in this isolate's memory only. */
interface Expiring<Key, Value> {
  /** `now` in milliseconds since the epoch. */
  get(key: Key, now: number): Value | undefined;
  /** `bytes` that it takes beside its key; `until` in milliseconds since the epoch. */
  set(key: Key, value: Value, bytes: number, until: number): void;
  delete(key: Key): void;
}

/** Marks on keys. */
export type Marks<Key extends string = string> = Expiring<Key, true>;

/** Texts by keys. */
export type Notes = Expiring<string, string>;
