import type { NewAuditEntry } from "../auth/audit-entry.ts";
import type { MirrorConfig } from "../../schema/mirror.ts";
import type { ProjectName } from "../pypi/name.ts";
import type {
  MirrorEntry,
  MirrorError,
  MirrorFigures,
  MirrorQueue,
  MirrorStatus,
  MirrorWork,
} from "../repository/ports/mirror.ts";
import type { StoredBytes, VerificationWork } from "../repository/ports/verification.ts";
import type { MirroredSource } from "../repository/repository.ts";

/** A source with what is mirrored of it on purpose. */
export interface SourceMirror {
  readonly source: MirroredSource;
  readonly config: MirrorConfig;
  readonly work: MirrorWork;
  readonly queue: MirrorQueue;
  readonly verification: VerificationWork;
  readonly bytes: StoredBytes;
  /** Whether the source may have this name: it claims it, or claims none. */
  readonly mayHave: (name: ProjectName) => boolean;
}

/** An entry, when it was made, and who made it. */
export interface ListedEntry extends MirrorEntry {
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
  /** A token's id, or `admin`. */
  readonly addedBy: string;
}

/**
 * What is to be mirrored, of all sources; `source` as in the keys of stores. Each method rejects with `storage-failed` where the
 * database fails.
 */
export interface MirrorLists {
  /** Of one source, or of all; sorted. */
  entries(source: string): Promise<ListedEntry[]>;
  /** Adds entries, or changes those with the same pattern and versions; what they name is due at once. Writes the audit entry. */
  add(source: string, entries: readonly MirrorEntry[], entry: NewAuditEntry, now: number): Promise<void>;
  /**
   * Removes entries, and has what nothing asks for any more released. Writes the audit entry.
   *
   * @param specifiers null: the entries with this pattern, whatever versions they ask for
   * @returns how many there were
   */
  remove(
    source: string,
    entries: readonly { readonly pattern: string; readonly specifiers: string | null }[],
    entry: NewAuditEntry,
    now: number,
  ): Promise<number>;
  /**
   * Has all that is mirrored looked at again, and the root listing where patterns need it. The next run takes over from one that is at
   * work, which ends within some seconds, or has broken off.
   */
  dueNow(source: string, now: number): Promise<void>;
  status(source: string, now: number): Promise<MirrorStatus>;
  /** Of all sources of which something is mirrored. A few rows of each are read. */
  figures(now: number): Promise<MirrorFigures[]>;
  /** The latest first. */
  errors(source: string, limit: number): Promise<MirrorError[]>;
  /** The sources whose mirrors have something to do, and no run. One query. */
  due(sources: readonly string[], now: number): Promise<string[]>;
}
