import { REMEDIES } from "../objects/remedies.ts";

/** What `verify` finds, by what has to be done about it. */
export const FINDINGS = {
  "database-damaged": "Restore the state directory from a backup.",
  "hosted-damaged": REMEDIES["hosted/"],
  "carried-damaged": REMEDIES["carried/"],
  "advisories-damaged": REMEDIES["advisories/"],
  "hosted-without-row": "Nothing, where an upload was broken off or refused; else restore the database from a backup.",
  "file-without-row": "Run verify --repair: the file gets its row again.",
  "mirrored-damaged": "Run verify --repair: it is deleted, and fetched again.",
  "page-damaged": "Run verify --repair: it is deleted, and fetched again.",
  "backup-damaged": "Use another backup, or another copy of this one.",
  "cache-damaged": "Run verify --repair: the pages are deleted, and fetched again.",
} as const satisfies Record<string, string>;

export interface StorageFault {
  readonly kind: keyof typeof FINDINGS;
  /** A file, a key or a table. */
  readonly subject: string;
  /** In words that go on after the subject. */
  readonly fault: string;
}

/** What was looked at, and what is wrong with it. */
export interface Verified {
  /** Hosted files that the database names. */
  readonly hosted: number;
  /** All objects whose bytes were read, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Pages and documents. */
  readonly values: number;
  readonly findings: readonly StorageFault[];
}
