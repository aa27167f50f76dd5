import type { AuditAction, NewAuditEntry } from "../../auth/audit-entry.ts";

/** An entry of the audit log. */
export interface AuditEntry {
  /** Increases with every entry. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** A token's id, or `admin`. */
  readonly actor: string;
  /** The token's name at that time. */
  readonly actorName: string;
  /** The client's address; empty where it is not known. */
  readonly origin: string;
  readonly action: string;
  /** `*`: every index. */
  readonly index: string;
  /** Empty where the entry concerns no project. */
  readonly project: string;
  readonly subject: string;
  /** A JSON object, as text. */
  readonly details: string;
}

/** Selects entries. An undefined member selects all. */
export interface AuditFilter {
  /** Selects entries with a higher id. */
  readonly after?: number | undefined;
  /** Selects entries with a lower id. */
  readonly before?: number | undefined;
  /** Selects entries from this time on, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Selects entries of before this time, in milliseconds since the epoch. */
  readonly until?: number | undefined;
  readonly index?: string | undefined;
  readonly project?: string | undefined;
  /** A principal's id or name. Several principals may have one name. */
  readonly actor?: string | undefined;
  readonly action?: AuditAction | undefined;
}

/** Which entry comes first. */
export type AuditOrder = "oldest" | "newest";

export interface AuditLog {
  /** Adds an entry about what has no transaction of its own. `at` in milliseconds since the epoch. Rejects with `storage-failed`. */
  add(entry: NewAuditEntry, at: number): Promise<void>;
  /** At most `limit` entries. Rejects with `storage-failed`. */
  read(question: AuditFilter, order: AuditOrder, limit: number): Promise<AuditEntry[]>;
}
