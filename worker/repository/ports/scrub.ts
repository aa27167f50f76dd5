/** Interfaces of the scrub: stored objects are read, some at a time, and compared with their digests. */

/** What a scrub has read, and what of that was damaged. Sizes are bytes. */
export interface ScrubAmounts {
  readonly objects: number;
  readonly bytes: number;
  /** Mirrored files, which were deleted. */
  readonly damaged: number;
  /** Hosted files, which stay. */
  readonly damagedHosted: number;
}

/** A round over all objects. Times are milliseconds since the epoch. */
export interface ScrubRound extends ScrubAmounts {
  readonly beganAt: number;
}

/** This round so far, and the last whole one. */
export interface ScrubState {
  readonly current: ScrubRound;
  readonly last: (ScrubRound & { readonly endedAt: number }) | undefined;
}

/** A damaged object. */
export interface ScrubFault {
  readonly key: string;
  /** In words that go on after the key. */
  readonly fault: string;
  /** Hosted objects stay, and so does what cannot be read because the store fails. */
  readonly isDeleted: boolean;
}

/** The scrub of all stored files. */
export interface Scrubbing {
  /** undefined: nothing was ever read. Rejects where the database fails. */
  state(): Promise<ScrubState | undefined>;
  /**
   * Reads the next objects, from where the last call ended, and deletes those mirrored files that are damaged, whose projects are
   * then looked at by their mirrors. Rejects where the store or the database fails.
   *
   * @param objects how many at most
   * @param found is told of each damaged object
   * @returns what was read, and whether a round has ended with it
   */
  next(
    objects: number,
    now: number,
    found: (damaged: ScrubFault) => void,
  ): Promise<ScrubAmounts & { readonly isWhole: boolean }>;
}
