import type { CarriedManifest, CarriedMember } from "../../schema/carried.ts";
import type { NewAuditEntry } from "../auth/audit-entry.ts";
import type { ProjectName } from "../pypi/name.ts";

/** A step that was begun. */
export interface CarriedStep {
  readonly sequence: number;
  readonly chain: string;
  /** The SHA-256 of its manifest. */
  readonly manifest: string;
  /** When its export began. Milliseconds since the epoch. */
  readonly exportedAt: number;
  readonly members: number;
  /** The public key that has signed its manifest, as the configuration has it; null: an earlier version has written the row. */
  readonly signedBy: string | null;
}

/** What a page needs, by the SHA-256 of the file that it is of. */
export interface NeededObject {
  readonly kind: "file" | "metadata" | "provenance";
  readonly file: string;
  /** Of its bytes. */
  readonly sha256: string;
}

/** A member of the step that is not whole; the first has the number 1. */
export interface NumberedMember extends CarriedMember {
  readonly number: number;
}

/** The steps of one source. Failures of the store are thrown as `storage-failed`. */
export interface CarriedSteps {
  /** The last step that is whole, and the one that is not. */
  last(): Promise<{ readonly whole: CarriedStep | undefined; readonly open: CarriedStep | undefined }>;
  /** First and last numbers of ranges of members that are not there. */
  missing(): Promise<[number, number][]>;
  /** Begins a step, in the place of one that is not whole. What is here already counts as there. */
  begin(
    manifest: CarriedManifest,
    of: { readonly digest: string; readonly signedBy: string },
    audit: NewAuditEntry,
    now: number,
  ): Promise<void>;
  /** Notes that another key has signed the manifest, too, of the step that is not whole. */
  signedBy(digest: string, key: string): Promise<void>;
  member(number: number): Promise<NumberedMember | undefined>;
  /** Notes that the bytes of a file, metadata or provenance are stored. False where the member is no longer one. */
  noteObject(member: NumberedMember & NeededObject, now: number): Promise<boolean>;
  /** Shows a page. False where the member is no longer one. */
  notePage(member: NumberedMember, name: ProjectName, now: number): Promise<boolean>;
  /** Notes that any other member has arrived. False where it is no longer one. */
  note(member: NumberedMember): Promise<boolean>;
  /** Whether the advisories or the lists of the step are not there. */
  lacksRules(): Promise<boolean>;
  /** Of what a page needs, the first that is not here. */
  lacking(needed: readonly NeededObject[]): Promise<NeededObject | undefined>;
  /** Ends a step whose members are all there: its projects that are gone go. False where it is not the open one, or lacks some. */
  end(manifest: string, audit: NewAuditEntry, now: number): Promise<boolean>;
}

/** The bytes of what is carried. */
export interface CarriedObjects {
  /**
   * Stores bytes by their SHA-256.
   *
   * @param chunks have that digest and `size` bytes, or throw; a chunk's memory may be reused when the next one is asked for
   * @throws IndexError `storage-failed`, and what `chunks` throws; nothing is stored then
   */
  store(sha256: string, size: number, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** The entries of an index's lists that were carried. */
export interface CarriedEntries {
  /** Puts these in the place of those that were carried before. */
  replace(index: string, entries: readonly CarriedEntry[], audit: NewAuditEntry, now: number): Promise<void>;
}

/** An entry as a step has it. */
export interface CarriedEntry {
  readonly kind: "allow" | "deny" | "exemption";
  /** A rule as `fileRule` has it. */
  readonly what: string;
  readonly reason: string;
  readonly advisory: string | null;
  /** Milliseconds since the epoch; null: never. */
  readonly until: number | null;
}
