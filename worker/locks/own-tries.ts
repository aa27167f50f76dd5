import { SECOND } from "../duration.ts";
import type { IndexError } from "../errors.ts";
import { upstreamValue } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";
import { keepNow } from "./keep-now.ts";
import type { ResolvedFile } from "./resolve.ts";
import { mayPass, type Clock } from "./waiting.ts";

/** A file is tried when none has been stored for so long, and no try has failed with what may pass. Milliseconds. */
const QUIET = 30 * SECOND;

/** The most files of a lock that are tried, and the size of the largest in bytes: CPU goes by the bytes. */
const MOST = 10;
const LARGEST = 64 * 1024 * 1024;

/** Storing a file calls other services so often. */
const CALLS_FOR_FILE = 10;

/** `.metadata` is small. */
const mayBeTried = ({ ref, size }: ResolvedFile) => ref.part !== "file" || (size !== undefined && size <= LARGEST);

/**
 * Tries of one warm to store files itself that the queue has not stored, each file once: they show what hinders it, and
 * for which files waiting is of no use.
 */
export class OwnTries {
  /** The most calls of other services. */
  static readonly CALLS = MOST * CALLS_FOR_FILE;

  readonly #clock: Clock;
  readonly #ctx: Context;
  readonly #tried = new Set<ResolvedFile>();
  readonly #reasons = new Map<ResolvedFile, string>();
  readonly #hopeless: ResolvedFile[] = [];

  #failedAt = -Infinity;

  constructor(clock: Clock, ctx: Context) {
    this.#clock = clock;
    this.#ctx = ctx;
  }

  /** Files that cannot be stored: the upstream does not have them, refuses them or sends other bytes, or a policy refuses them. */
  get hopeless(): readonly ResolvedFile[] {
    return this.#hopeless;
  }

  /**
   * Tries the first of these files that was not tried, where it is time for that. Returns them without what is hopeless.
   *
   * @param lastStored when the last file was stored. Milliseconds since the epoch
   */
  async withoutHopeless(files: readonly ResolvedFile[], lastStored: number): Promise<readonly ResolvedFile[]> {
    const isTime = this.#clock.now() - Math.max(lastStored, this.#failedAt) >= QUIET;
    if (!isTime || this.#tried.size === MOST) return files;
    const next = files.find((file) => mayBeTried(file) && !this.#tried.has(file));
    if (!next) return files;
    this.#tried.add(next);
    const failure = await keepNow(next, this.#ctx).then(
      () => undefined,
      (error: IndexError) => error,
    );
    if (!failure) return files;
    this.#reasons.set(next, failure.message);
    if (mayPass(failure)) {
      this.#failedAt = this.#clock.now();
      return files;
    }
    const gone = files.filter((file) => file === next || isReadFrom(next, file));
    this.#hopeless.push(...gone);
    return files.filter((file) => !gone.includes(file));
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
