import type { ProjectName } from "../../pypi/name.ts";

/** What jobs need of the outside that belongs to no source. Times are milliseconds since the epoch. */

/** The platform's cache in front of the worker. */
export interface Edge {
  /** Drops all answers with one of these tags, at most 100 of them, or every answer. Rejects where it did not. */
  purge(what: readonly string[] | "everything"): Promise<void>;
}

/** When jobs last did their work, for those that go on where they ended; and when crons last ran (`cronRow`). */
export interface Runs {
  /** undefined where it never has. */
  last(job: string): Promise<number | undefined>;
  /** Of all that ever have, by their names. */
  all(): Promise<ReadonlyMap<string, number>>;
  note(job: string, at: number): Promise<void>;
}

/** A time later than `after`, and no later than `until`. */
export interface Span {
  readonly after: number;
  readonly until: number;
}

/** Which projects' pages have changed here lately, of all sources together. */
export interface Recent {
  /** Those that changed in one of the two spans, each once. */
  changed(first: Span, second: Span, limit: number): Promise<ProjectName[]>;
}

/** A message that was delivered in vain until its queue gave it up. */
export interface DeadLetter {
  /** The platform's, the same however often it is delivered. */
  readonly id: string;
  /** The queue it was sent to. */
  readonly queue: string;
  /** What is JSON. */
  readonly body: unknown;
}

/** Messages that were given up, kept until somebody has them sent again. */
export interface DeadLetters {
  /** Keeps one; one that is kept already stays as it is. */
  keep(letter: DeadLetter, now: number): Promise<void>;
  oldest(limit: number): Promise<DeadLetter[]>;
  /** Puts it into its queue as it was, and keeps it no longer. Rejects, and keeps it, where the queue does not take it. */
  resend(letter: DeadLetter): Promise<void>;
  /** How many there are, by the queue they were sent to: each queue there is, and no other. */
  counts(): Promise<ReadonlyMap<string, number>>;
}

/** An object in the store; its size in bytes. */
export interface LeftObject {
  readonly key: string;
  readonly size: number;
}

/** What uploads and tokens have left behind. In a dry run nothing is changed, and the answers are what would be done. */
export interface Leftovers {
  /**
   * Goes on through what uploads have put into the store, and deletes what is nobody's: put earlier than `before`
   * says of its prefix, and no file is made of it. Each is asked for right before it goes; where that is in doubt nothing goes, and `doubts` say why.
   */
  objects(
    before: Readonly<Record<"hosted/" | "staging/", number>>,
    dryRun: boolean,
  ): Promise<{ readonly seen: number; readonly deleted: readonly LeftObject[]; readonly doubts: readonly string[] }>;
  /** Gives up uploads in parts that were begun earlier: the names of their files, and sentences for those that stay. */
  uploads(
    before: number,
    dryRun: boolean,
  ): Promise<{ readonly ended: readonly string[]; readonly failed: readonly string[] }>;
  /** Deletes the tokens that expired or were revoked earlier, those that were minted for an identity token and others, and says how many. */
  tokens(before: { readonly minted: number; readonly made: number }, dryRun: boolean): Promise<number>;
}
