/** What one request may have fetched that is not stored yet. */
export interface Allowance {
  /**
   * Called before an upstream is asked for what is not stored, a name that may not exist included. However often it is called,
   * the request counts once. Throws `too-many-requests` where the sender has had too much fetched.
   */
  admit(): Promise<void>;
  /** The allowance of another request of the same sender: for what is fetched ahead of it. */
  another(): Allowance;
  /** Notes that something of so many bytes is stored for the request. Costs no operation. */
  stored(bytes: number): void;
  /**
   * The same of something whose storing begins: it counts from now on. Costs no operation.
   *
   * @returns is called at its end, with the bytes that were stored; 0: nothing was
   */
  storing(bytes: number): (stored: number) => void;
}

/** The bytes that requests without a token have had stored, by the day (UTC), over all isolates. */
export interface NewBytes {
  /** `bytes` may be negative. Costs no operation: what an isolate has gathered is written every few minutes. */
  add(bytes: number, now: number): void;
  /** The sum of the day of `now`, some minutes old as far as other isolates are concerned. Rejects where the store fails. */
  ofTheDay(now: number): Promise<number>;
}
