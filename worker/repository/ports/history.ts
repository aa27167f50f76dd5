/** What the counters and gauges were at one time. */
export interface Reading {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Sums of counters, and values of gauges, by the names that `readFigures` gives them. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A reading an hour, kept for 90 days. Rejects where the store fails. */
export interface History {
  /** Keeps a reading, and deletes those that are older than 90 days. */
  record(reading: Reading): Promise<void>;
  /** The readings since a time, in milliseconds since the epoch, and the last one before it; the oldest first. */
  since(from: number): Promise<readonly Reading[]>;
}
