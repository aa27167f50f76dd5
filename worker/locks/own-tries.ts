import { SECOND } from "../duration.ts";
import type { IndexError } from "../errors.ts";
import { upstreamValue } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";
import { keepNow, probe } from "./keep-now.ts";
import type { ResolvedFile } from "./resolve.ts";
import { mayPass, type Clock } from "./waiting.ts";

/** A file is tried when for so long none has been stored and no try was in vain. Milliseconds. */
const QUIET = 30 * SECOND;

/** The most tries of one warm. */
const MOST = 10;

/** The size of the largest file that is fetched, in bytes: CPU goes by them. Of a larger one the upstream is asked for a byte. */
const LARGEST = 64 * 1024 * 1024;

/** Storing a file calls other services so often. */
const CALLS_FOR_FILE = 10;

/** `.metadata` is small. */
const isLarge = ({ ref, size = Infinity }: ResolvedFile) => ref.part === "file" && size > LARGEST;

/**
 * Tries of one warm to store files itself that the queue has not stored: they show what hinders it, and for which files waiting is of
 * no use. Each file is tried once, but a large one again: the queue may have found meanwhile that its bytes are wrong.
 */
export class OwnTries {
  /** The most calls of other services. */
  static readonly CALLS = MOST * CALLS_FOR_FILE;

  readonly #clock: Clock;
  readonly #ctx: Context;
  /** How often each file was tried. */
  readonly #tries = new Map<ResolvedFile, number>();
  readonly #reasons = new Map<ResolvedFile, string>();
  readonly #hopeless: ResolvedFile[] = [];

  #triesLeft = MOST;
  /** When a try last ended without a file that was stored, or that is hopeless. */
  #vainAt = -Infinity;

  constructor(clock: Clock, ctx: Context) {
    this.#clock = clock;
    this.#ctx = ctx;
  }

  /** Files that cannot be stored: the upstream does not have them, refuses them or sends other bytes, or a policy refuses them. */
  get hopeless(): readonly ResolvedFile[] {
    return this.#hopeless;
  }

  /**
   * Tries the first of these files that was tried least, where it is time for that. Returns them without what is hopeless.
   *
   * @param lastStored when the last file was stored. Milliseconds since the epoch
   */
  async withoutHopeless(files: readonly ResolvedFile[], lastStored: number): Promise<readonly ResolvedFile[]> {
    const isTime = this.#clock.now() - Math.max(lastStored, this.#vainAt) >= QUIET;
    const next = isTime && this.#triesLeft > 0 ? this.#leastTried(files) : undefined;
    if (!next) return files;
    this.#triesLeft -= 1;
    this.#tries.set(next, this.#triesOf(next) + 1);
    const failure = await (isLarge(next) ? probe : keepNow)(next, this.#ctx).then(
      () => undefined,
      (error: IndexError) => error,
    );
    if (failure) this.#reasons.set(next, failure.message);
    else this.#reasons.delete(next);
    if (failure ? mayPass(failure) : isLarge(next)) this.#vainAt = this.#clock.now();
    if (!failure || mayPass(failure)) return files;
    const gone = files.filter((file) => file === next || isReadFrom(next, file));
    this.#hopeless.push(...gone);
    return files.filter((file) => !gone.includes(file));
  }

  #triesOf = (file: ResolvedFile): number => this.#tries.get(file) ?? 0;

  #leastTried(files: readonly ResolvedFile[]): ResolvedFile | undefined {
    return files
      .filter((file) => isLarge(file) || this.#triesOf(file) === 0)
      .toSorted((one, other) => this.#triesOf(one) - this.#triesOf(other))[0];
  }

  /** Why these files could not be stored, in sentences; those that were not tried are left out. */
  reasonsOf(files: readonly ResolvedFile[]): string[] {
    return files.flatMap((file) => this.#reasons.get(file) ?? []);
  }
}

/** Whether `other` is metadata that the upstream does not have by itself, so that it is read from `file`. */
const isReadFrom = ({ entry, ref }: ResolvedFile, other: ResolvedFile) =>
  other.entry === entry &&
  other.ref.part !== ref.part &&
  ref.part === "file" &&
  upstreamValue(entry, "core-metadata") === undefined;
