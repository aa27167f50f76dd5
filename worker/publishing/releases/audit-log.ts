/** A write as the audit log has it. */
export interface AuditEntry {
  /** Goes up from one write to the next. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** A token's id, or `admin`. */
  readonly actor: string;
  /** What the token was called then. */
  readonly actorName: string;
  /** The address that the request came from; empty where it is not known. */
  readonly origin: string;
  readonly action: string;
  /** `*`: every index. */
  readonly index: string;
  /** Empty where it is about no project. */
  readonly project: string;
  readonly subject: string;
  /** A JSON object, as text. */
  readonly details: string;
}

/** Which writes are wanted; what is undefined leaves none out. */
export interface AuditQuestion {
  /** Only those with a higher id; 0: all. */
  readonly after: number;
  /** Only those at this time or later, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly index?: string | undefined;
  readonly project?: string | undefined;
  /** The id or the name of who wrote. A name may be more than one's. */
  readonly actor?: string | undefined;
}

/** What was written, and by whom. */
export interface AuditLog {
  /** At most `limit` of them, the oldest first. Rejects with `storage-failed`. */
  read(question: AuditQuestion, limit: number): Promise<AuditEntry[]>;
}
