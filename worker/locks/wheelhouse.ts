import { IndexError } from "../errors.ts";
import { verifiableDigest } from "../pypi/page.ts";
import type { MakePipe } from "../platform/pipe.ts";
import { inPool } from "../repository/pool.ts";
import { tarOf, type TarMember } from "./tar.ts";
import { LOOKS_AT_ONCE } from "./follow-stored.ts";
import { keepNow } from "./keep-now.ts";
import type { ResolvedLock, ResolvedFile } from "./resolve.ts";
import type { ArtifactFacts } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/** How many files are stored at a time: each needs two connections, to the upstream and to the store. */
const STORED_AT_ONCE = 3;

/** The platform allows 10,000 calls of other services in one request, and storing a file takes some ten. */
const MAX_MISSING = 400;

/** A stored file of a wheelhouse. */
interface Kept extends ResolvedFile {
  readonly facts: ArtifactFacts;
}

/**
 * A tar of these files, which starts when all of them are stored. Each file has then been verified with the digest on its page, and
 * the page has been checked against the lock. Throws before the first byte is sent: `unprocessable` where two files have one name, a
 * file does not exist, or too many are not stored; `upstream-failed` and `storage-failed`.
 *
 * @returns the tar, and its size in bytes
 */
export async function wheelhouse({ files }: ResolvedLock, pipe: MakePipe, ctx: Context) {
  const sorted = files.toSorted((one, other) => (one.entry.filename < other.entry.filename ? -1 : 1));
  for (const [at, { entry, ref }] of sorted.entries()) {
    const before = sorted[at - 1];
    if (before?.entry.filename !== entry.filename) continue;
    throw new IndexError(
      "unprocessable",
      `Two files are called ${entry.filename}, one from ${before.ref.origin} and one from ${ref.origin}; a folder cannot have both. Take one out of the lock.`,
    );
  }
  const facts = await inPool(LOOKS_AT_ONCE, sorted, (file) => stored(() => file.files.stored(file.ref, ctx)));
  const missing = facts.filter((known) => !known).length;
  if (missing > MAX_MISSING) {
    throw new IndexError(
      "unprocessable",
      `${missing} of these files are not stored yet, and one request stores ${MAX_MISSING} at most: POST the same to /-/api/warm first.`,
    );
  }
  for (const [at, { files: own, ref }] of sorted.entries()) if (facts[at]) own.used(ref, ctx);
  const kept: Kept[] = sorted.flatMap((file, at) => (facts[at] ? [{ ...file, facts: facts[at] }] : []));
  const left = sorted.filter((_, at) => !facts[at]);
  kept.push(...(await inPool(STORED_AT_ONCE, left, async (file) => ({ ...file, facts: await keepNow(file, ctx) }))));
  kept.sort((one, other) => (one.entry.filename < other.entry.filename ? -1 : 1));
  return tarOf(
    kept.map((file) => memberOf(file, ctx)),
    pipe,
    ctx,
  );
}

/** The result of `ask`, which reads the store. Throws `storage-failed`. */
async function stored<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new IndexError("storage-failed", "The store cannot be read right now. Try again in a moment.", {
      cause: error,
    });
  }
}

function memberOf({ files, ref, entry, facts }: Kept, ctx: Context): TarMember {
  const { filename } = entry;
  const listed = verifiableDigest(entry.hashes);
  if (facts.size === undefined || facts.digest?.hex !== listed?.hex) {
    throw new IndexError(
      "unprocessable",
      `${filename} was stored when its page had another digest for it, or none: the stored file is not the one that the lock asks for.`,
    );
  }
  return {
    name: filename,
    size: facts.size,
    modifiedAt: facts.modifiedAt,
    async open() {
      const artifact = await files.read(ref, ctx);
      if (!artifact?.body) throw new Error(`${filename} is no longer stored`);
      return artifact.body;
    },
  };
}
