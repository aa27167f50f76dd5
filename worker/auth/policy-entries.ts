import type { Context } from "../repository/context.ts";
import type { PolicyEntry } from "../pypi/policy-entry.ts";
import type { NewAuditEntry } from "./audit-entry.ts";

/** An entry of an index's lists as it is stored, whether it has ended or not. */
export interface StoredPolicyEntry extends PolicyEntry {
  readonly index: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The id of the token that made it, or `admin`. */
  readonly createdBy: string;
  /** The token's name. */
  readonly createdByName: string;
}

/** How many entries there are of a kind. */
export interface EntryCount {
  readonly kind: PolicyEntry["kind"];
  readonly hasEnded: boolean;
  readonly count: number;
}

/** The entries of all indexes' lists. Failures of the store are thrown as `storage-failed`. */
export interface PolicyEntryStore {
  /** Adds all of them, each with an entry of the audit log, or none. */
  add(
    entries: readonly { readonly entry: StoredPolicyEntry; readonly audit: NewAuditEntry }[],
    ctx: Context,
  ): Promise<void>;
  /** The entries of an index, or of all where `index` is undefined; newest first. */
  list(index: string | undefined): Promise<readonly StoredPolicyEntry[]>;
  find(id: string): Promise<StoredPolicyEntry | undefined>;
  remove(id: string, audit: NewAuditEntry, ctx: Context): Promise<void>;
  /** Of all indexes. `now` in milliseconds since the epoch. */
  counts(now: number): Promise<readonly EntryCount[]>;
}
