import { MINUTE, SECOND } from "../duration.ts";
import { messageOf, storageFailed } from "../errors.ts";
import { refOf } from "../pypi/file-url.ts";
import type { OtherIndex } from "./formats/lock.ts";
import { inPool } from "../repository/pool.ts";
import type { ResolvedLock, ResolvedFile } from "./resolve.ts";
import type { Context } from "../repository/context.ts";

/** How many files are looked up at a time: the platform opens at most six connections for one request. */
const LOOKS_AT_ONCE = 6;

/** How many missing files are looked up in each turn: as many as the queue's consumers store at once. */
const WINDOW = 4;

/** Between two turns. Milliseconds. */
const PAUSE = SECOND;

/** When no file has been stored for so long, the waiting ends with a list of the missing files. Milliseconds. */
const PATIENCE = MINUTE;

/** The platform allows 10,000 calls of other services in one request; reading a page has used so many of them. */
const CALLS = 9_500;
const CALLS_FOR_PAGE = 7;

/** A clock and a timer. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Progress. Sent when a file has been stored, which is then named, and otherwise to keep the connection alive. */
export interface StoreProgress {
  readonly stored: number;
  readonly of: number;
  readonly file?: string;
}

/** The outcome, which is sent last. */
export interface StoreSummary {
  /** Whether all files are stored. Those in `pending` are still in the queue, or could not be stored. */
  readonly done: boolean;
  readonly packages: number;
  readonly pages: number;
  readonly files: number;
  readonly metadata: number;
  /** Files and `.metadata` that were stored before. */
  readonly alreadyStored: number;
  readonly pending: readonly string[];
  /** Names of packages that come from no index, or from another one, and were skipped. */
  readonly elsewhere: readonly string[];
  /** Those of them that come from another index, by index. */
  readonly otherIndexes: readonly OtherIndex[];
  /** Packages without a file that fits the requested Python and platform. */
  readonly unfit: readonly string[];
  readonly seconds: number;
}

/**
 * Sends those of the files, and of the `.metadata` that their pages advertise, that are not stored yet to the queue. Throws
 * `storage-failed` where the store or the queue cannot be used.
 *
 * @returns the progress, until all files are stored or no file has been stored for a minute. A reader that stops early ends only the
 *   waiting: the queue goes on storing
 */
export async function warm(
  wanted: ResolvedLock,
  clock: Clock,
  ctx: Context,
): Promise<AsyncGenerator<StoreProgress | StoreSummary>> {
  const began = clock.now();
  // Where the upstream has no `.metadata`, the consumer reads it from the stored wheel: so wheels are queued first.
  const metadata = wanted.files
    .filter(({ entry }) => entry["core-metadata"])
    .map((file): ResolvedFile => ({ ...file, ref: refOf(file.entry, "metadata") }));
  const pieces = [...wanted.files, ...metadata];
  try {
    const stored = await inPool(LOOKS_AT_ONCE, pieces, (file) => isStored(file, ctx));
    const missing = pieces.filter((_, at) => !stored[at]);
    for (const [at, { files, ref }] of pieces.entries()) if (stored[at]) files.used(ref, ctx);
    for (const [files, left] of Map.groupBy(missing, (file) => file.files)) {
      await files.enqueue(
        left.map(({ ref }) => ref),
        ctx,
      );
    }
    const facts = {
      packages: wanted.packages,
      pages: wanted.pages,
      files: wanted.files.length,
      metadata: metadata.length,
      alreadyStored: pieces.length - missing.length,
      elsewhere: wanted.elsewhere,
      otherIndexes: wanted.otherIndexes,
      unfit: wanted.unfit,
    };
    // Each file was looked up once, and is looked up once more when it has been stored.
    const misses = CALLS - CALLS_FOR_PAGE * wanted.pages - 2 * pieces.length;
    return follow(missing, pieces.length, misses, facts, began, clock, ctx);
  } catch (error) {
    ctx.report({ event: "queue-failed", what: "a lock to be warmed", reason: messageOf(error) });
    throw storageFailed(
      error,
      "The files could not be sent to the queue, or only some of them. Try again in a moment: no file is stored twice.",
    );
  }
}

const isStored = async ({ files, ref }: ResolvedFile, ctx: Context) => (await files.stored(ref, ctx)) !== null;

const nameOf = ({ ref: { filename, part } }: ResolvedFile) => (part === "file" ? filename : `${filename}.metadata`);

async function* follow(
  missing: readonly ResolvedFile[],
  of: number,
  maxMisses: number,
  facts: Omit<StoreSummary, "done" | "pending" | "seconds">,
  began: number,
  clock: Clock,
  ctx: Context,
): AsyncGenerator<StoreProgress | StoreSummary> {
  let waiting = missing;
  let lastChange = clock.now();
  let misses = 0;
  let turn = 0;
  yield { stored: of - waiting.length, of };
  while (waiting.length > 0 && misses < maxMisses) {
    // The queue should store the first missing files first, so every second turn looks those up. Files that cannot be stored must
    // not hide the others, so the turns between look up later ones, further on each time. The last turn looks up all of them.
    const last = clock.now() - lastChange >= PATIENCE;
    const from = last || turn % 2 === 0 ? 0 : (((turn + 1) / 2) * WINDOW) % waiting.length;
    const window = waiting.slice(from, last ? undefined : from + WINDOW);
    // A failed look-up counts as missing: the file is looked up again later.
    const stored = await inPool(LOOKS_AT_ONCE, window, (file) => isStored(file, ctx).catch(() => false));
    const come = window.filter((_, at) => stored[at]);
    misses += window.length - come.length;
    waiting = waiting.filter((file) => !come.includes(file));
    for (const [at, file] of come.entries()) {
      lastChange = clock.now();
      yield { stored: of - waiting.length - come.length + at + 1, of, file: nameOf(file) };
    }
    if (come.length > 0) continue;
    if (last) break;
    turn += 1;
    yield { stored: of - waiting.length, of };
    await clock.sleep(PAUSE);
  }
  yield {
    done: waiting.length === 0,
    ...facts,
    pending: waiting.map(nameOf),
    seconds: Math.round((clock.now() - began) / 100) / 10,
  };
}
