import { SECOND } from "../../duration.ts";
import type { Context } from "../../repository/context.ts";
import type { NowOrLater } from "../../repository/now-or-later.ts";
import { TIMED_OUT, within } from "../../repository/timeout.ts";
import type { Copies } from "./copies.ts";
import { QUERY_TIMEOUT, type Snapshot, type SnapshotRules } from "./snapshot.ts";

/** A cache that takes longer is not waited for. Milliseconds. */
const COPY_TIMEOUT = SECOND;

/**
 * Where isolates share copies, each reads again before what it has is too old: so long before, on the average, and at most. Else all that are
 * asked before the first has a new copy stored would ask the database. Milliseconds.
 */
export const READ_AHEAD = { mean: 50, most: 300 } as const;

/** What a subject is at a revision. */
export type Known<Value> = Pick<Snapshot<Value>, "revision" | "value">;

/**
 * Reads a subject from the database's primary, in one query.
 *
 * @param known what was read before: only what has changed since is asked for
 */
export type ReadSubject<Value> = (known: Known<Value> | undefined, now: number) => Promise<Known<Value>>;

/** What reading needs. */
export interface ReaderParts<Value> {
  readonly query: ReadSubject<Value>;
  /** undefined where the database is read each time. */
  readonly copies: Copies<Value> | undefined;
  readonly rules: SnapshotRules;
  /** The database's version, where the platform can tell it: at the same one nothing has to be asked again. */
  readonly version?: (() => number | undefined) | undefined;
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits for work for so many milliseconds. Tests simulate it, and chance. */
  readonly wait?: typeof within;
  readonly random?: () => number;
}

/**
 * One subject as all requests of an isolate see it: from memory, else from the data centre's cache, else from the
 * database. Queries grow with changes and data centres, not with requests; and what an isolate has given is never
 * followed by something earlier.
 */
export class SnapshotReader<Value> {
  readonly #parts: ReaderParts<Value>;
  readonly #wait: typeof within;
  readonly #random: () => number;
  #held: Snapshot<Value> | undefined;
  /** The database's version before the query that found what is held, or after which it was the same. */
  #heldAt: number | undefined;
  /** Whether a copy of another isolate's was ever found. */
  #isShared = false;
  /** How long before what is held is too old it is read again; 0: not before. Milliseconds. */
  #ahead = 0;
  /** The read that is under way, and when it began. */
  #reading: { readonly takenAt: number; readonly snapshot: Promise<Snapshot<Value>> } | undefined;

  constructor(parts: ReaderParts<Value>) {
    this.#parts = parts;
    this.#wait = parts.wait ?? within;
    this.#random = parts.random ?? Math.random;
  }

  /** The latest snapshot that was read, whatever its age. */
  get last(): Snapshot<Value> | undefined {
    return this.#held;
  }

  /**
   * A snapshot that has every change which was answered before this call: at once where that is in memory. Rejects with the
   * database's error.
   */
  read(ctx: Pick<Context, "defer">): NowOrLater<Snapshot<Value>> {
    const { rules, now } = this.#parts;
    const version = this.#parts.version?.();
    if (this.#held && version !== undefined && version === this.#heldAt) return this.#held;
    const at = now();
    if (!this.#held || !rules.isYoung(this.#held, at)) return this.#readOrShare(ctx, at);
    if (this.#ahead > 0 && !rules.isYoung(this.#held, at + this.#ahead)) this.#readAhead(ctx, at);
    return this.#held;
  }

  /** Reads again what still counts: once, and no one waits for it. */
  #readAhead(ctx: Pick<Context, "defer">, at: number): void {
    const ahead = this.#ahead;
    this.#ahead = 0;
    if (!this.#reading) void this.#readAnew(ctx, at, ahead).catch(() => undefined);
  }

  async #readOrShare(ctx: Pick<Context, "defer">, at: number): Promise<Snapshot<Value>> {
    if (this.#reading && this.#parts.rules.isYoung(this.#reading, at)) {
      const shared = await this.#wait(QUERY_TIMEOUT, this.#reading.snapshot);
      // The platform may have ended the request that began it.
      if (shared !== TIMED_OUT) return shared;
    }
    return this.#readAnew(ctx, at);
  }

  async #readAnew(ctx: Pick<Context, "defer">, at: number, ahead = 0): Promise<Snapshot<Value>> {
    const reading = { takenAt: at, snapshot: this.#ask(ctx, ahead) };
    this.#reading = reading;
    // Others wait for it, also where the client that it is for has left.
    if (this.#parts.copies) ctx.defer(reading.snapshot.catch(() => undefined));
    try {
      return await reading.snapshot;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  /** @param ahead for so much longer what is there already must count */
  async #ask(ctx: Pick<Context, "defer">, ahead: number): Promise<Snapshot<Value>> {
    const { copies, rules, now, query } = this.#parts;
    if (this.#held && rules.isFromFuture(this.#held, now())) this.#held = undefined;
    const copy = copies && (await this.#wait(COPY_TIMEOUT, copies.get(this.#held)));
    const isFound = copy !== undefined && copy !== TIMED_OUT;
    this.#isShared ||= isFound;
    const before = isFound ? this.#offer(copy) : this.#held;
    if (before && rules.isYoung(before, now() + ahead)) return before;
    const takenAt = now();
    const version = this.#parts.version?.();
    const found = await this.#wait(QUERY_TIMEOUT, query(before, takenAt));
    if (found === TIMED_OUT) throw new Error(`the database has not answered for ${QUERY_TIMEOUT} ms`);
    const held = this.#offer({ takenAt, ...found });
    this.#heldAt = version;
    if (copies) ctx.defer(copies.put(held));
    return held;
  }

  /** Takes a snapshot over unless it is earlier than what is held; returns what is held then. */
  #offer(snapshot: Snapshot<Value>): Snapshot<Value> {
    if (!this.#held || this.#parts.rules.isLater(snapshot, this.#held)) {
      this.#held = snapshot;
      this.#ahead = this.#isShared ? Math.min(-Math.log(1 - this.#random()) * READ_AHEAD.mean, READ_AHEAD.most) : 0;
    }
    return this.#held;
  }
}
