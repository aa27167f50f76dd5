import type { OtherIndex } from "./formats/lock.ts";

/** Progress. Sent when a file has been stored, which is then named, and otherwise to keep the connection alive. */
export interface StoreProgress {
  readonly stored: number;
  readonly of: number;
  readonly file?: string;
}

/** The upstream has failed, and is asked again: pages were read so far, of these. Sent while that lasts. */
export interface WaitProgress {
  /** What happened, in a sentence. */
  readonly waiting: string;
  readonly read: number;
  readonly of: number;
}

/** What a lock asks for, in numbers. */
export interface StoreFacts {
  readonly packages: number;
  readonly pages: number;
  readonly files: number;
  readonly metadata: number;
  /** Files and `.metadata` that were stored before. */
  readonly alreadyStored: number;
  /** Names of packages that come from no index, or from another one, and were skipped. */
  readonly elsewhere: readonly string[];
  /** Those of them that come from another index, by index. */
  readonly otherIndexes: readonly OtherIndex[];
  /** Packages without a file that fits the requested Python and platform. */
  readonly unfit: readonly string[];
}

/** What will be fetched. Sent before anything is. */
export interface StorePlan {
  readonly plan: StoreFacts & {
    /** Bytes of all files whose size is known. */
    readonly bytes: number;
    /** Files of unknown size. */
    readonly unsized: number;
    /** Files and `.metadata` that are not stored yet, and the bytes of these files. */
    readonly missing: number;
    readonly missingBytes: number;
    /** `.metadata` that is too much for one request, and not stored. */
    readonly leftOut: number;
  };
}

/** The outcome, which is sent last. */
export interface StoreSummary extends StoreFacts {
  /** Whether all files are stored. Those in `pending` are still in the queue, or could not be stored. */
  readonly done: boolean;
  readonly pending: readonly string[];
  /** Why some of those are not stored, in sentences, as far as that was tried. */
  readonly reasons: readonly string[];
  readonly seconds: number;
}

/** What one line of a warm says. */
export type WarmReport = WaitProgress | StorePlan | StoreProgress | StoreSummary;
