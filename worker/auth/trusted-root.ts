import type { TufMetadata } from "../../schema/trusted-root.ts";
import type { NewAuditEntry } from "./audit-entry.ts";

/** A trusted root that an admin has stored. */
export interface StoredRoot {
  /** sigstore's JSON. */
  readonly root: string;
  /** The address of the TUF repository that it was taken from. */
  readonly source: string;
  readonly metadata: TufMetadata;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
}

/** Keeps one trusted root. Failures of the store are thrown as `storage-failed`. */
export interface TrustedRootStore {
  read(): Promise<StoredRoot | undefined>;
  /** Stores it in the place of the one before, with an entry of the audit log. */
  replace(root: StoredRoot, audit: NewAuditEntry): Promise<void>;
}
