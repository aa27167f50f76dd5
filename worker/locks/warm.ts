import { SECOND } from "../duration.ts";
import { messageOf, storageFailed } from "../errors.ts";
import { refOf } from "../pypi/file-url.ts";
import { upstreamValue } from "../pypi/page.ts";
import { followStored, lookUp } from "./follow-stored.ts";
import { resolving, type LockRequest, type ResolvedFile, type ResolvedLock } from "./resolve.ts";
import { LONGEST_WAIT, mayPass, type Clock } from "./waiting.ts";
import type { StoreFacts, WaitProgress, WarmReport } from "./warm-report.ts";
import type { Context } from "../repository/context.ts";

/** Between two tries of a page whose upstream has failed. Milliseconds. */
const BETWEEN_TRIES = 5 * SECOND;

/** Files and `.metadata` of one request; further `.metadata` is left out, since each costs calls of other services. */
const MAX_PIECES = 3_000;

/**
 * Finds what a lock asks for, tells how much that is, and sends to the queue what is not stored yet: the files, and the `.metadata`
 * of all files of the locked versions, since a client that locks again reads that for every platform. Upstreams that fail are waited
 * for, as long as something is read or stored every five minutes. Throws, also after lines were sent, what `resolveLock` throws, and
 * `storage-failed` where the store or the queue cannot be used.
 *
 * @param dryRun ends after the plan
 * @returns the progress. A reader that stops early ends only the waiting: the queue goes on storing
 */
export async function* warm(
  asked: LockRequest,
  dryRun: boolean,
  clock: Clock,
  ctx: Context,
): AsyncGenerator<WarmReport> {
  const began = clock.now();
  const wanted = yield* waitingOut(asked, clock, ctx);
  const { pieces, leftOut } = piecesOf(wanted);
  const missing = await missingOf(pieces, dryRun, ctx);
  const facts: StoreFacts = {
    packages: wanted.packages,
    pages: wanted.pages,
    files: wanted.files.length,
    metadata: pieces.length - wanted.files.length,
    alreadyStored: pieces.length - missing.length,
    elsewhere: wanted.elsewhere,
    otherIndexes: wanted.otherIndexes,
    unfit: wanted.unfit,
  };
  yield {
    plan: {
      ...facts,
      bytes: bytesOf(wanted.files),
      unsized: wanted.files.filter(({ size }) => size === undefined).length,
      missing: missing.length,
      missingBytes: bytesOf(missing.filter(({ ref }) => ref.part === "file")),
      leftOut,
    },
  };
  if (!dryRun) yield* followStored(missing, pieces.length, facts, began, clock, ctx);
}

/** Those of the files that are not stored; sends them to the queue, but for a dry run. Throws `storage-failed`. */
async function missingOf(pieces: readonly ResolvedFile[], dryRun: boolean, ctx: Context): Promise<ResolvedFile[]> {
  try {
    const stored = await lookUp(pieces, ctx);
    const missing = pieces.filter((_, at) => !stored[at]);
    if (dryRun) return missing;
    for (const [at, { files, ref }] of pieces.entries()) if (stored[at]) files.used(ref, ctx);
    for (const [files, left] of Map.groupBy(missing, (file) => file.files)) {
      await files.enqueue(
        left.map(({ ref }) => ref),
        ctx,
      );
    }
    return missing;
  } catch (error) {
    ctx.report({ event: "queue-failed", what: "a lock to be warmed", reason: messageOf(error) });
    throw storageFailed(
      error,
      "The files could not be sent to the queue, or only some of them. Try again in a moment: no file is stored twice.",
    );
  }
}

const bytesOf = (files: readonly ResolvedFile[]) => files.reduce((total, { size = 0 }) => total + size, 0);

/**
 * The files, then the `.metadata` that pages advertise for them, then that of the files for other Pythons and platforms, where the
 * upstream has it. Where the upstream has none, it is read from the stored wheel: so wheels come first.
 */
function piecesOf({ files, anywhere }: ResolvedLock): { pieces: ResolvedFile[]; leftOut: number } {
  const own = new Set(files.map(({ entry }) => entry));
  const others = anywhere.filter(({ entry }) => !own.has(entry) && upstreamValue(entry, "core-metadata") !== undefined);
  const metadata = [...files.filter(({ entry }) => entry["core-metadata"]), ...others].map((file): ResolvedFile => ({
    ...file,
    ref: refOf(file.entry, "metadata"),
  }));
  const pieces = [...files, ...metadata].slice(0, MAX_PIECES);
  return { pieces, leftOut: files.length + metadata.length - pieces.length };
}

/** Resolves a lock, and waits where an upstream fails that may come back. */
async function* waitingOut(asked: LockRequest, clock: Clock, ctx: Context): AsyncGenerator<WaitProgress, ResolvedLock> {
  const reading = resolving(asked, () => clock.now(), ctx);
  let lastChange = clock.now();
  let most = 0;
  for (;;) {
    const step = await reading.next();
    if (step.done) return step.value;
    const { failure, read, of } = step.value;
    if (read > most) lastChange = clock.now();
    most = read;
    if (!mayPass(failure) || clock.now() - lastChange >= LONGEST_WAIT) throw failure;
    for (let waited = 0; waited < BETWEEN_TRIES; waited += SECOND) {
      yield { waiting: failure.message, read, of };
      await clock.sleep(SECOND);
    }
  }
}
