import { IndexError, isUpstreamFailure, reasonOf } from "../../errors.ts";
import { upstreamUrl, type FileRef, fileLabel } from "../../pypi/file-url.ts";
import type { Artifact, ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import { upstreamValue } from "../../pypi/page.ts";
import { fileNotListed } from "./locate.ts";

/** Statuses of 400 and above that may change a moment later, or that are about the request and not about the file. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 416, 425, 429]);

/** An opened file, and the page entry that it was opened by. */
export interface OpenedFile {
  readonly source: Artifact;
  readonly at: ListedFile;
}

/**
 * Opens a listed file. An address may be signed for a few minutes only: where the upstream refuses it, or has nothing
 * there, the page is fetched once more, and the address that the page has now is tried. Throws `refused-upstream` where
 * the upstream refuses that too, and `file-not-found` where the page no longer lists the file, or the upstream does not have it all the
 * same.
 *
 * @param list fetches the page and gives the file's entry; undefined or null where there is none
 */
export async function openListed(
  ref: FileRef,
  listed: ListedFile,
  open: (listed: ListedFile) => Promise<Artifact | null>,
  list: () => Promise<ListedFile | undefined | null>,
  ctx: Context,
): Promise<OpenedFile> {
  const first = await attempt(open, listed);
  if (first.source) return { source: first.source, at: listed };
  const again = await list().catch((error: unknown) => {
    if (isUpstreamFailure(error)) return listed;
    throw error;
  });
  if (!again) throw fileNotListed(ref, listed.project);
  // The entry does not contain the query of a signed address, which differs each time.
  const hasMoved = again.entry._signed || upstreamUrl(again.entry).href !== upstreamUrl(listed.entry).href;
  const last = hasMoved ? await attempt(open, again) : first;
  if (last.refusal) throw refused(ref, again, last.refusal, ctx);
  if (!last.source) throw absentUpstream(ref, again);
  return { source: last.source, at: again };
}

interface Attempt {
  readonly source: Artifact | null;
  readonly refusal?: IndexError | undefined;
}

async function attempt(open: (listed: ListedFile) => Promise<Artifact | null>, listed: ListedFile): Promise<Attempt> {
  try {
    return { source: await open(listed) };
  } catch (error) {
    if (!isUpstreamFailure(error) || !isRefusal(error.answered)) throw error;
    return { source: null, refusal: error };
  }
}

const isRefusal = (status = 0) => status >= 400 && status < 500 && !TRANSIENT.has(status);

function refused(ref: FileRef, at: ListedFile, refusal: IndexError, ctx: Context): IndexError {
  ctx.report({ event: "upstream-failed", what: fileLabel(ref), reason: reasonOf(refusal) });
  return new IndexError(
    "refused-upstream",
    `The upstream ${upstreamUrl(at.entry).host} refuses ${whatOf(ref, at)}: it answered ${refusal.answered}, also at the address that the page of ${at.project} has now. Trying again does not help: the operator of this index must get access to the file, for example by credentials in the configuration.`,
    { cause: refusal },
  );
}

/** The error for a file that a page lists and its upstream does not have. */
export const absentUpstream = (ref: FileRef, at: ListedFile) =>
  new IndexError(
    "file-not-found",
    `The upstream ${upstreamUrl(at.entry).host} does not have ${whatOf(ref, at)}, though the page of ${at.project} lists it. It may have been removed upstream a moment ago; if it stays so, tell those who run that upstream.`,
  );

/** What was asked the upstream for: where it has no metadata by itself, the file that it is read from. */
const whatOf = ({ part, filename }: FileRef, { entry }: ListedFile) =>
  part === "file" || upstreamValue(entry, "core-metadata") === undefined ? filename : `the metadata of ${filename}`;
