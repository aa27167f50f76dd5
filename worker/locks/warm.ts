import { IndexError, messageOf } from "../errors.ts";
import { refOf } from "../pypi/file-url.ts";
import type { OtherIndex } from "./formats/lock.ts";
import { inPool } from "./pool.ts";
import type { ResolvedLock, ResolvedFile } from "./resolve.ts";
import type { Context } from "../repository/context.ts";

/** The platform opens no more connections for one request. */
const LOOKS_AT_ONCE = 6;

/** Of what is missing, so many are looked at each time: as many as the queue's consumers store at once. */
const WINDOW = 4;

/** Between two looks at what was still missing. Milliseconds. */
const PAUSE = 1_000;

/** Nothing has become stored for so long: whoever waits is told what is missing. Milliseconds. */
const PATIENCE = 60_000;

/** A request may call upon other services 10,000 times, of which it has used so many for a page. */
const CALLS = 9_500;
const CALLS_FOR_PAGE = 7;

/** The time, and how to let it pass. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** How far it is. Sent when something has become stored, which is then named, and as a sign of life. */
export interface StoreProgress {
  readonly stored: number;
  readonly of: number;
  readonly file?: string;
}

/** The last word. */
export interface StoreSummary {
  /** Whether all is stored; what is `pending` is still in the queue, or could not be stored. */
  readonly done: boolean;
  readonly packages: number;
  readonly pages: number;
  readonly files: number;
  readonly metadata: number;
  /** Files and `.metadata` that were stored before. */
  readonly alreadyStored: number;
  readonly pending: readonly string[];
  /** Names of packages that come from no index, or from another one, so that nothing was done about them. */
  readonly elsewhere: readonly string[];
  /** Of these, what comes from which other index. */
  readonly otherIndexes: readonly OtherIndex[];
  /** Packages none of whose files fits what it was narrowed to. */
  readonly unfit: readonly string[];
  readonly seconds: number;
}

/**
 * Leaves what is not stored of these files, and of the `.metadata` that their pages advertise, to the queue. Throws
 * `storage-failed` where the store or the queue cannot be used.
 *
 * @returns what happens from then on: it waits until all is stored, or nothing has been for a minute. Whoever reads no further
 *   ends the waiting and no more than that
 */
export async function warm(
  wanted: ResolvedLock,
  clock: Clock,
  ctx: Context,
): Promise<AsyncGenerator<StoreProgress | StoreSummary>> {
  const began = clock.now();
  // The consumer reads a wheel's metadata from the wheel, where the upstream has none: the wheel comes first.
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
    // Each piece was looked at once, and is once more when it has come.
    const misses = CALLS - CALLS_FOR_PAGE * wanted.pages - 2 * pieces.length;
    return follow(missing, pieces.length, misses, facts, began, clock, ctx);
  } catch (error) {
    ctx.report({ event: "queue-failed", what: "a lock to be warmed", reason: messageOf(error) });
    throw new IndexError(
      "storage-failed",
      "The files could not be left to the queue, or only some of them. Try again in a moment: nothing is stored twice.",
      { cause: error },
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
    // The first are those that the queue should come to first; one that cannot be stored must not hide those behind it, so
    // every second turn these are looked at, further on each time. All are looked at before it is given up.
    const last = clock.now() - lastChange >= PATIENCE;
    const from = last || turn % 2 === 0 ? 0 : (((turn + 1) / 2) * WINDOW) % waiting.length;
    const window = waiting.slice(from, last ? undefined : from + WINDOW);
    // A look that fails says nothing: there will be another.
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
