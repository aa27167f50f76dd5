import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/**
 * Interfaces of the records about stored files: which there are, how large, and when last used. A `.metadata` counts as
 * a file too.
 */

/** Records what happens to one source's stored files. Its methods never fail and do not delay an answer. */
export interface FileUses {
  /** A file was stored. One write, behind the answer; where it is lost, a later `reconcile` makes up for it. */
  stored(ref: FileRef, project: ProjectName, size: number, ctx: Context): void;
  /**
   * These files are no longer stored. One write, behind the answer; where it is lost, a later `reconcile` makes up for
   * it.
   */
  emptied(refs: readonly FileRef[], ctx: Context): void;
  /** A stored file was used. Costs no operation: it is written later, with other uses. */
  used(ref: FileRef, ctx: Context): void;
}

/** The stored files of all sources. Each method rejects where the store or the database fails. */
export interface StoredObjects {
  total(): Promise<StoredAmount>;
  /** Those neither used nor first recorded since `before` (milliseconds since the epoch), the longest unused first. */
  oldest(before: number, limit: number): Promise<StoredObject[]>;
  /**
   * Projects of these sources that have no stored page according to the database, and no file that was used or first
   * recorded since `before`.
   */
  pageless(sources: readonly string[], before: number, limit: number): Promise<PagelessProject[]>;
  /** The project's files that were neither used nor first recorded since `before`. */
  ofProject(project: PagelessProject, before: number, limit: number): Promise<StoredObject[]>;
  /** The amount stored for sources other than these. */
  ofOthers(sources: readonly string[]): Promise<(StoredAmount & { readonly source: string })[]>;
  /**
   * Deletes files, and after that their records: where it is interrupted, the remaining records allow the deletion to
   * be repeated, which does no harm. Records of files used since `before` stay, since these may just have been stored
   * again.
   */
  remove(objects: readonly StoredObject[], before: number): Promise<void>;
  /**
   * Compares the next few thousand stored files with their records: adds missing records (last used when stored) and
   * deletes records of files that are gone, unless used since `before`. The next call continues where this one ended.
   */
  reconcile(before: number, now: number): Promise<Reconciled>;
}

export interface StoredAmount {
  readonly objects: number;
  readonly bytes: number;
}

export interface StoredObject {
  /** Its key in R2. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

export interface PagelessProject {
  readonly source: string;
  readonly project: ProjectName;
}

/**
 * How many stored files were looked at (`seen`), had no right record (`found`), and how many records had no file
 * (`gone`).
 */
export interface Reconciled {
  readonly seen: number;
  readonly found: number;
  readonly gone: number;
}
