import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** How pages, documents and the root listing stand with the upstream. Times are milliseconds since the epoch. */
export interface Freshness {
  /** Looks no further than it must to find that the upstream need not be asked. */
  standing(what: string, asked: StandingQuestion): Promise<Standing>;
  /** Remembers that what is stored was just found to be what the upstream has. */
  good(what: string, ctx: Context): void;
  /** Remembers nothing of it any more. */
  forget(what: string, ctx: Context): void;
  /** Remembers that it could not be checked, was good at `since`, and is not to be asked about before `retryAt`. */
  failed(what: string, since: number, retryAt: number, ctx: Context): void;
}

/** What a source said of names that sources below it have served: kept for when it cannot say it again. */
export interface Verdicts {
  /** It has just given the name's page: whatever it said before does not stand. */
  noteOwned(name: ProjectName, ctx: Context): void;
  /** It has just said that it does not own the name. */
  noteAbsent(name: ProjectName, ctx: Context): void;
  /** Whether it said so later than `after`, and nothing has been seen since that says otherwise. */
  isAbsent(name: ProjectName, after: number, ctx: Context): Promise<boolean>;
}

/** What was stored at `changedAt` is fresh where it was good later than `staleBefore`. */
export interface StandingQuestion {
  readonly changedAt: number;
  readonly staleBefore: number;
  readonly now: number;
  /** A time since which it need only have been good to be fresh as well; asked for where `staleBefore` does not settle it. */
  readonly goodSince?: (() => Promise<number>) | undefined;
}

/** `since` is when it was last good; where that was lost, when it was first seen to fail. */
export type Standing =
  | { readonly kind: "fresh" }
  /** The upstream has just failed and is left alone. */
  | { readonly kind: "failing"; readonly since: number }
  /** The upstream is to be asked; undefined where nothing is known of the last time. */
  | { readonly kind: "due"; readonly since: number | undefined };

/** The root listing's place among names and paths, none of which is empty. */
export const ROOT_LISTING = "";

/** What is believed of a key for a time, in this isolate's memory only. */
export interface Marks<Key extends string = string> {
  /** `now` in milliseconds since the epoch. */
  get(key: Key, now: number): true | undefined;
  /** `bytes` beside the key's own; `until` in milliseconds since the epoch. */
  set(key: Key, mark: true, bytes: number, until: number): void;
  delete(key: Key): void;
}
