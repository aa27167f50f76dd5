import { SECOND } from "../../duration.ts";
import { IndexError, isUpstreamFailure, messageOf } from "../../errors.ts";
import { type FileRef, fileLabel } from "../../pypi/file-url.ts";
import { upstreamValue } from "../../pypi/page.ts";
import { listedFacts } from "../read-upstream.ts";
import { type SourcePages } from "../../repository/repository.ts";
import { skipRecheck, storeBehind, storeWhole, type StoringParts } from "./store-file.ts";
import { TIMED_OUT, within } from "../../repository/timeout.ts";
import { discard, type Artifact, type ArtifactFacts, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** How long a request waits for a comparison with the upstream, which then goes on behind the answer. Milliseconds. */
const PATIENCE = SECOND;

/**
 * Whether a stored file may be served. A verified one may. An unverified one is compared with the upstream's once a
 * minute per isolate, and is replaced as soon as a verified one exists: a file whose digest its page has got since, or
 * the METADATA of a verified stored wheel. While the upstream fails, or no longer has the file, the stored file is
 * served. Throws where the file's page refuses it.
 *
 * @param list gives the file's present page entry; undefined or null where there is none
 */
export async function isCurrent(
  stored: Artifact,
  ref: FileRef,
  parts: StoringParts,
  list: () => Promise<ListedFile | undefined | null>,
  inner: SourcePages,
  ctx: Context,
): Promise<boolean> {
  if (!stored.unchecked) return true;
  if (ref.part === "metadata" && (await hasVerifiedWheel(ref, parts))) return false;
  if (parts.believed.get(fileLabel(ref), ctx.now)) return true;
  const checked = check(stored, ref, parts, list, inner, ctx);
  const outcome = await within(PATIENCE, checked);
  if (outcome !== TIMED_OUT) return outcome === undefined;
  const storing = checked.then((listed) => listed && storeAnew(ref, listed, parts, inner, ctx));
  storeBehind(storing, ref, "which is another upstream", ctx);
  return true;
}

async function hasVerifiedWheel(ref: FileRef, { files }: StoringParts): Promise<boolean> {
  const wheel = await files.get({ ...ref, part: "file" }, { start: 0, end: 0 });
  if (wheel) await discard(wheel);
  return wheel !== null && !wheel.unchecked;
}

/** The file's page entry where the upstream's file differs from the stored one; undefined where it does not. */
async function check(
  stored: ArtifactFacts,
  ref: FileRef,
  { believed }: StoringParts,
  list: () => Promise<ListedFile | undefined | null>,
  inner: SourcePages,
  ctx: Context,
): Promise<ListedFile | undefined> {
  const listed = await orNothing(list, ref, ctx);
  const isOther = listed && (await orNothing(() => differs(stored, ref, listed, inner, ctx), ref, ctx));
  if (isOther) return listed;
  skipRecheck(ref, believed, ctx);
  return undefined;
}

/** Undefined where the upstream fails or no longer has the file: what is stored then stays. */
async function orNothing<T>(ask: () => Promise<T>, ref: FileRef, ctx: Context): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isAbsent = error instanceof IndexError && error.kind === "file-not-found";
    if (!isAbsent && !isUpstreamFailure(error)) throw error;
    if (!isAbsent) {
      ctx.report({
        event: "upstream-failed",
        what: `${fileLabel(ref)}, served from the store`,
        reason: messageOf(error),
      });
    }
    return undefined;
  }
}

async function differs(stored: ArtifactFacts, ref: FileRef, listed: ListedFile, inner: SourcePages, ctx: Context) {
  // Metadata that was read from the wheel is compared with the stored wheel only.
  if (ref.part === "metadata" && upstreamValue(listed.entry, "core-metadata") === undefined) return false;
  if (!listedFacts(listed, ref.part).unchecked) return true;
  const now = await inner.file({ ref, headOnly: true, listed }, ctx);
  return now !== null && !isSame(stored, now);
}

/** Without a validator only a comparison of the bytes could show that they are the same: they count as different. */
function isSame(stored: ArtifactFacts, now: ArtifactFacts): boolean {
  if (stored.digest && now.digest) return stored.digest.hex === now.digest.hex;
  if (stored.size !== undefined && now.size !== undefined && stored.size !== now.size) return false;
  return stored.validator !== undefined && stored.validator === now.validator;
}

const storeAnew = (ref: FileRef, listed: ListedFile, parts: StoringParts, inner: SourcePages, ctx: Context) =>
  storeWhole(
    listedFacts(listed, ref.part).size,
    () => inner.file({ ref, headOnly: false, listed }, ctx),
    ref,
    parts,
    ctx,
  );
