import { SECOND } from "../duration.ts";
import { inPool } from "../repository/pool.ts";
import { OwnTries } from "./own-tries.ts";
import type { ResolvedFile } from "./resolve.ts";
import { LONGEST_WAIT, type Clock } from "./waiting.ts";
import type { StoreFacts, StoreProgress, StoreSummary } from "./warm-report.ts";
import type { Context } from "../repository/context.ts";

/** How many files are looked up at a time: the platform opens at most six connections for one request. */
export const LOOKS_AT_ONCE = 6;

/** How many missing files are looked up in each turn: as many as the queue's consumers store at once. */
const WINDOW = 4;

/** Between two turns. Milliseconds. */
const PAUSE = SECOND;

/** The platform allows 10,000 calls of other services in one request; reading a page has used so many of them. */
const CALLS = 9_500;
const CALLS_FOR_PAGE = 7;

/** Whether each of the files is stored. One read for each. */
export const lookUp = (files: readonly ResolvedFile[], ctx: Context): Promise<boolean[]> =>
  inPool(LOOKS_AT_ONCE, files, (file) => isStored(file, ctx));

const isStored = async ({ files, ref }: ResolvedFile, ctx: Context) => (await files.stored(ref, ctx)) !== null;

const nameOf = ({ ref: { filename, part } }: ResolvedFile) => (part === "file" ? filename : `${filename}.metadata`);

/**
 * Waits until files that were sent to the queue are stored, or none has been for `LONGEST_WAIT`, or all that are left cannot be
 * stored.
 *
 * @param missing the files, in the order in which they were sent
 * @param of how many files the lock asks for, stored ones included
 * @param began when the request began. Milliseconds since the epoch
 */
export async function* followStored(
  missing: readonly ResolvedFile[],
  of: number,
  facts: StoreFacts,
  began: number,
  clock: Clock,
  ctx: Context,
): AsyncGenerator<StoreProgress | StoreSummary> {
  // Each file was looked up once, and is looked up once more when it has been stored.
  const maxMisses = CALLS - OwnTries.CALLS - CALLS_FOR_PAGE * facts.pages - 2 * of;
  let waiting = missing;
  let lastChange = clock.now();
  let misses = 0;
  let turn = 0;
  const tries = new OwnTries(clock, ctx);
  const stored = () => of - waiting.length - tries.hopeless.length;
  yield { stored: stored(), of };
  while (waiting.length > 0 && misses < maxMisses) {
    // The queue should store the first missing files first, so every second turn looks those up. Files that cannot be stored must
    // not hide the others, so the turns between look up later ones, further on each time. The last turn looks up all of them.
    const last = clock.now() - lastChange >= LONGEST_WAIT;
    const from = last || turn % 2 === 0 ? 0 : (((turn + 1) / 2) * WINDOW) % waiting.length;
    const window = waiting.slice(from, last ? undefined : from + WINDOW);
    // A failed look-up counts as missing: the file is looked up again later.
    const found = await inPool(LOOKS_AT_ONCE, window, (file) => isStored(file, ctx).catch(() => false));
    const come = window.filter((_, at) => found[at]);
    misses += window.length - come.length;
    waiting = waiting.filter((file) => !come.includes(file));
    for (const [at, file] of come.entries()) {
      lastChange = clock.now();
      yield { stored: stored() - come.length + at + 1, of, file: nameOf(file) };
    }
    if (come.length > 0) continue;
    if (last) break;
    waiting = await tries.withoutHopeless(waiting, lastChange);
    turn += 1;
    yield { stored: stored(), of };
    await clock.sleep(PAUSE);
  }
  yield {
    done: stored() === of,
    ...facts,
    pending: [...tries.hopeless, ...waiting].map(nameOf),
    reasons: tries.reasonsOf([...tries.hopeless, ...waiting]),
    seconds: Math.round((clock.now() - began) / 100) / 10,
  };
}
