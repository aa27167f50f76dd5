import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Digest } from "../../pypi/page.ts";

/** A package as a lock file names it. */
export interface LockedPackage {
  readonly name: ProjectName;
  /** As written in the lock. */
  readonly version: string;
  /** The line of the file that names it, counted from 1. */
  readonly line: number;
  /** Its files. Where the lock names none, this is empty and means all files of the version that have one of `digests`. */
  readonly files: readonly LockedFile[];
  /** For a package without `files`: each file must have one of these digests; empty where any file will do. */
  readonly digests: readonly Digest[];
}

export interface LockedFile {
  readonly filename: Filename;
  /** The file's URL; undefined where the lock has none. */
  readonly url: string | undefined;
  /** The file's digests, each by another algorithm; empty where the lock has none. */
  readonly digests: readonly Digest[];
  /** Bytes; undefined where the lock does not say. */
  readonly size?: number | undefined;
  readonly line: number;
}

/** The packages that a lock file asks an index for, and the names of the others. */
export interface Lock {
  readonly packages: readonly LockedPackage[];
  /** Names of packages that come from no index (folders, repositories, direct URLs) or from another one. */
  readonly elsewhere: readonly string[];
  /** Those of them that come from another index, by index; absent where there is none. */
  readonly otherIndexes?: readonly OtherIndex[];
}

/** An index that a lock names and that is not the index in use. */
export interface OtherIndex {
  /** Its URL as in the lock, without credentials. */
  readonly index: string;
  /** The names of the packages that come from it. */
  readonly packages: readonly string[];
}

/** A package that comes from an index. */
export interface IndexedPackage {
  readonly locked: LockedPackage;
  /** The indexes that the lock names for it, as written: the package may come from any of them. Empty where it names none. */
  readonly indexes: readonly string[];
}

/** A package of a lock file, or the name of one that comes from no index. */
export type LockEntry = IndexedPackage | string;
