import { MINUTE } from "../../duration.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import { isWheel } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { discard, type Artifact, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import type { FileRequest } from "../../repository/repository.ts";
import { listedFacts } from "../read-upstream.ts";
import { countFetched, type AheadCounts } from "./count-ahead.ts";
import { storeBehind, type StoringParts } from "./store-file.ts";

/** One wheel of a project within this time: a resolver that tries several versions installs one of them. Milliseconds. */
const ONCE_IN = MINUTE;

/** From an upstream that answers sooner, a resolver gains less by a prefetch than it costs the answers that it waits for. Milliseconds. */
export const FAR = 50;

export interface PrefetchParts extends StoringParts, AheadCounts {
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
  /** Larger wheels are not prefetched; 0: none are. Bytes. */
  readonly prefetchUpTo: number;
  /** Projects of which a wheel was prefetched a moment ago. */
  readonly prefetched: Marks<ProjectName>;
}

/**
 * Has the wheel stored, behind the answer, whose `.metadata` a client has just had fetched: a resolver reads that, and the
 * wheel is asked for when all is resolved. It is then stored, or its fill is followed. Only from an upstream that is far away,
 * and only where requests can share a fill: elsewhere the wheel would be fetched twice.
 *
 * @param listed the wheel's entry, which the index has admitted
 * @param begun when the upstream was asked for the `.metadata`, which has just come. Milliseconds since the epoch
 * @param store fetches and stores the wheel
 */
export function prefetchWheel(
  { ref, headOnly, range, keep }: FileRequest,
  listed: ListedFile,
  begun: number,
  store: (wheel: FileRef) => Promise<Artifact>,
  parts: PrefetchParts,
  ctx: Context,
): void {
  const { shared, prefetched, prefetchUpTo, touched, files, now } = parts;
  const { size = Infinity } = listedFacts(listed, "file");
  const isForResolver = ref.part === "metadata" && isWheel(ref.filename) && !headOnly && !range && !keep;
  if (!isForResolver || !shared || size > prefetchUpTo || now() - begun < FAR || ctx.installer?.()?.isResolver) return;
  if (prefetched.get(listed.project, ctx.now)) return;
  prefetched.set(listed.project, true, 0, ctx.now + ONCE_IN);
  const wheel: FileRef = { ...ref, part: "file" };
  const prefetch = async () => {
    if (touched.get(fileLabel(wheel), ctx.now) || (await files.head(wheel))) return;
    countFetched("file", fileLabel(wheel), parts, ctx);
    await discard(await store(wheel));
  };
  storeBehind(prefetch(), wheel, "to be fetched ahead", ctx);
}
