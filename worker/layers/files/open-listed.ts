import { IndexError, isUpstreamFailure, reasonOf } from "../../errors.ts";
import { upstreamUrl, type FileRef, nameOf } from "../../pypi/file-url.ts";
import type { Artifact, Listed } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** Statuses of 400 and above that may be others a moment later, or are about the request and not the file. */
const PASSING: ReadonlySet<number> = new Set([408, 416, 425, 429]);

/** A file from its source, or null where that does not have it, and how its page lists it. */
export interface Opened {
  readonly source: Artifact | null;
  readonly at: Listed;
}

/**
 * Opens a listed file. Addresses may be signed for minutes only: where the upstream refuses one, or has nothing there, the
 * page is fetched once more, and the address that it has now is tried. Throws `refused-upstream` where that is refused, too, and
 * `file-not-found` where the page does not list the file any more.
 *
 * @param list how the file's page lists it once it was fetched; undefined or null where it does not
 */
export async function opened(
  ref: FileRef,
  listed: Listed,
  open: (listed: Listed) => Promise<Artifact | null>,
  list: () => Promise<Listed | undefined | null>,
  ctx: Context,
): Promise<Opened> {
  const first = await attempt(open, listed);
  if (first.source) return { source: first.source, at: listed };
  const again = await list().catch((error: unknown) => {
    if (isUpstreamFailure(error)) return listed;
    throw error;
  });
  // That nothing is there was the answer about a file which, as it turns out, is not listed either.
  if (!again) return { source: null, at: listed };
  // The query of a signed address is not in the entry: it is another one each time.
  const hasMoved = again.entry._signed || upstreamUrl(again.entry).href !== upstreamUrl(listed.entry).href;
  const last = hasMoved ? await attempt(open, again) : first;
  if (last.refusal) throw refused(ref, again, last.refusal, ctx);
  return { source: last.source, at: again };
}

interface Attempt {
  readonly source: Artifact | null;
  readonly refusal?: IndexError | undefined;
}

async function attempt(open: (listed: Listed) => Promise<Artifact | null>, listed: Listed): Promise<Attempt> {
  try {
    return { source: await open(listed) };
  } catch (error) {
    if (!isUpstreamFailure(error) || !isRefusal(error.answered)) throw error;
    return { source: null, refusal: error };
  }
}

const isRefusal = (status = 0) => status >= 400 && status < 500 && !PASSING.has(status);

function refused(ref: FileRef, { project, entry }: Listed, refusal: IndexError, ctx: Context): IndexError {
  ctx.report({ event: "upstream-failed", what: nameOf(ref), reason: reasonOf(refusal) });
  const what = ref.part === "file" ? ref.filename : `the metadata of ${ref.filename}`;
  return new IndexError(
    "refused-upstream",
    `The upstream ${upstreamUrl(entry).host} refuses ${what}: it answered ${refusal.answered}, also at the address that the page of ${project} has now. This does not pass by itself: whoever runs this index must see to it that the upstream gives it the file, for example by credentials in the configuration.`,
    { cause: refusal },
  );
}
