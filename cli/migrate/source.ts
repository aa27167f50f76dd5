import type { FileToSend } from "../upload/send.ts";

/** A file of the folder or index that is migrated from. */
export interface SourceFile {
  readonly filename: string;
  /** Where it is, as the report shows it: a path below the folder, or its URL. */
  readonly from: string;
  /** Bytes; undefined where the source does not say. */
  readonly size?: number | undefined;
  /** Lower-case hex; undefined where the source does not say. */
  readonly sha256?: string | undefined;
  /** The reason for which it is yanked there (PEP 592), which may be empty; undefined: it is not, or the source does not say. */
  readonly yanked?: string | undefined;
  /**
   * Calls `use` with the file on this disk, its digest verified where the source has one; it may be gone afterwards.
   *
   * @throws UnusableFile, and the errors of `use`
   */
  onDisk<Result>(use: (file: FileToSend) => Promise<Result>): Promise<Result>;
}

/** Something that is not migrated, and why. */
export interface LeftOut {
  /** A filename; empty where it is a whole project. */
  readonly filename: string;
  readonly from: string;
  /** `refused`: another run would refuse it as well. `failed`: another run may mend it. */
  readonly outcome: "refused" | "failed";
  readonly reason: string;
}

/** All that a source has of what is asked for. */
export interface SourceContent {
  /** In the order in which they are migrated. */
  readonly files: readonly SourceFile[];
  readonly leftOut: readonly LeftOut[];
  /** A sentence about what was not looked at; undefined: nothing. */
  readonly remark?: string | undefined;
}

/** A file of the source cannot be used, and another run may mend that. The message is the reason, as a sentence. */
export class UnusableFile extends Error {}
