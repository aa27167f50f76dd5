/** Cloudflare allows 10,000 calls of other services in one delivery of a message. Some are kept for what ends a run. */
export const MAX_CALLS = 8_000;

/** A page or file that is fetched: the upstream, KV or R2, and the rows of the database. */
export const CALLS_A_REQUEST = 6;

/** A project that is looked at: what is known of it, and how it is then. */
const CALLS_A_LOOK = 3;

/** A stored file that is read: twice where it is damaged, and then there is a finding. */
const CALLS_A_READ = 3;

/** Counts what a run calls, by estimates that are too high. */
export class CallBudget {
  #calls = 0;

  /** A project is looked at. */
  look(): void {
    this.#calls += CALLS_A_LOOK;
  }

  /** A stored file was read. */
  wasRead(): void {
    this.#calls += CALLS_A_READ;
  }

  /** So many requests of the upstream were sent, with all that each leads to. */
  requested(requests: number): void {
    this.#calls += requests * CALLS_A_REQUEST;
  }

  get isSpent(): boolean {
    return this.#calls >= MAX_CALLS;
  }
}
