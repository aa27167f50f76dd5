import type { Filename } from "../filename.ts";
import type { ProjectName } from "../name.ts";
import type { Digest } from "../page.ts";

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
  /** Names of packages that come from no index: folders, repositories, direct URLs. */
  readonly elsewhere: readonly string[];
}

/** A package of a lock file: to be had from an index, or the name of one that is not. */
export type Locked = LockedPackage | string;
