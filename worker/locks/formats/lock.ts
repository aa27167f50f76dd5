import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Digest } from "../../pypi/page.ts";

/** A package as a lock file names it. */
export interface LockedPackage {
  readonly name: ProjectName;
  /** As it is written there. */
  readonly version: string;
  /** The line of the file that names it, counted from 1. */
  readonly line: number;
  /** Its files; empty where the lock names none: all of the version are meant, or those that have one of `digests`. */
  readonly files: readonly LockedFile[];
  /** Of a requirement: what one of its files must hash to; empty where anything may. */
  readonly digests: readonly Digest[];
}

export interface LockedFile {
  readonly filename: Filename;
  /** Where the lock has it from; undefined where it does not say. */
  readonly url: string | undefined;
  /** What it must hash to, each by another algorithm; empty where the lock does not say. */
  readonly digests: readonly Digest[];
  readonly line: number;
}

/** What a lock file asks an index for. */
export interface Lock {
  readonly packages: readonly LockedPackage[];
  /** Names of packages that come from no index (folders, repositories, direct URLs) or from another one. */
  readonly elsewhere: readonly string[];
  /** Of these, what the lock has from which other index; absent where there is none. */
  readonly otherIndexes?: readonly OtherIndex[];
}

/** An index that a lock names and that is not the one that is asked. */
export interface OtherIndex {
  /** As the lock names it, without credentials. */
  readonly index: string;
  /** The names of what the lock has from there. */
  readonly packages: readonly string[];
}

/** A package that comes from an index. */
export interface Indexed {
  readonly locked: LockedPackage;
  /** The indexes that the lock names for it, as it has them: it may come from any. Empty where it names none. */
  readonly indexes: readonly string[];
}

/** A package of a lock file, or the name of one that comes from no index. */
export type Locked = Indexed | string;
