/** What is known of the index of advisories. Times are milliseconds since the epoch; 0: never. */
export interface AdvisoryIndexState {
  /** Whether there is one. */
  readonly isLoaded: boolean;
  /** How many records it is made of, and how many entries it has: one for each project of a record that counts. */
  readonly records: number;
  readonly entries: number;
  /** When it was last known to be what the export has, or was loaded by a person. */
  readonly checkedAt: number;
  /** When its records were last compared with all of the export. */
  readonly comparedAt: number;
  /** The time of the latest change that was read from the export. */
  readonly changedUntil: number;
  /** Why the export could not be taken over the last time. */
  readonly failure: string | undefined;
}

/** What a run has found out. */
export type AdvisoryCheck = Partial<Pick<AdvisoryIndexState, "checkedAt" | "comparedAt" | "changedUntil" | "failure">>;

/** The stored index of advisories, as the job that keeps it sees it. All methods reject where a store fails. */
export interface AdvisoryIndexStore {
  state(): Promise<AdvisoryIndexState>;
  /** The index's file; undefined where there is none. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Stores another file in its place: all look-ups read it once what they know of the database has been read anew. Throws
   * `UnreadableIndex` where it is none.
   */
  replace(
    file: Uint8Array,
    counts: Pick<AdvisoryIndexState, "records" | "entries">,
    check: AdvisoryCheck,
  ): Promise<void>;
  note(check: AdvisoryCheck): Promise<void>;
}
