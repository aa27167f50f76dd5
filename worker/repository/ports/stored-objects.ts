import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** How it is known what files are stored, how large they are, and when they were last used. A file's `.metadata` counts too. */

/** Notes what happens to one source's stored files. Neither ever fails, or lets an answer wait. */
export interface Uses {
  /** A file was stored. One write, behind the answer; where it is lost, a later reconciliation makes up for it. */
  stored(ref: FileRef, project: ProjectName, size: number, ctx: Context): void;
  /** Of these files nothing is stored any more. One write, behind the answer; where it is lost, the same makes up for it. */
  emptied(refs: readonly FileRef[], ctx: Context): void;
  /** A stored file was used. Costs no operation: it is written later, with other uses. */
  used(ref: FileRef, ctx: Context): void;
}

/** The stored files of all sources. Each of its methods rejects where the store, or what is known of it, fails. */
export interface StoredObjects {
  total(): Promise<Amount>;
  /** Those not used since `before` (milliseconds since the epoch), and known since then, the longest unused first. */
  oldest(before: number, limit: number): Promise<StoredObject[]>;
  /** Projects of these sources that have no page as far as is known, and no file that was used, or came to be known, since `before`. */
  pageless(sources: readonly string[], before: number, limit: number): Promise<PagelessProject[]>;
  /** The files of one of them that were not used since `before`, and known since then. */
  ofProject(project: PagelessProject, before: number, limit: number): Promise<StoredObject[]>;
  /** What is stored of sources other than these. */
  ofOthers(sources: readonly string[]): Promise<(Amount & { readonly source: string })[]>;
  /**
   * Deletes files, and only then what is known of them: where it is broken off, the rest is known still, and deleting again
   * does no harm. What was used since `before`, and so may just have been stored again, stays known.
   */
  remove(objects: readonly StoredObject[], before: number): Promise<void>;
  /**
   * Holds the next few thousand stored files against what is known: adds those that are not, as last used when they were
   * stored, and forgets those that are gone, but for what was used since `before`. The next call goes on where it ended.
   */
  reconcile(before: number, now: number): Promise<Reconciled>;
}

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface StoredObject {
  /** Its name in the store. */
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

/** How many stored files were looked at, how many of them were not known as they are, and how many that were known are gone. */
export interface Reconciled {
  readonly seen: number;
  readonly found: number;
  readonly gone: number;
}
