import { IndexError, isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { otherBytes } from "../layers/files/other-bytes.ts";
import { discard, type ArtifactFacts } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";
import type { Event } from "../repository/event.ts";
import type { ResolvedFile } from "./resolve.ts";

/**
 * Stores a file now, through the same layers as a client's request for it. Throws an `IndexError` that names the file: `unprocessable` where
 * there is no such file, or a policy refuses it; `upstream-failed`, also where the upstream's bytes were refused; `storage-failed`.
 */
export async function keepNow({ files, project, ref }: ResolvedFile, ctx: Context): Promise<ArtifactFacts> {
  let trouble: Event | undefined;
  const listening: Context = {
    ...ctx,
    report(event) {
      trouble = event;
      ctx.report(event);
    },
  };
  const request = { ref, headOnly: false, keep: true, candidates: [project] };
  try {
    const artifact = await files.file(request, listening);
    if (artifact) await discard(artifact);
    if (artifact && artifact.via !== "upstream") return artifact;
  } catch (error) {
    if (isUpstreamFailure(error)) {
      throw new IndexError("upstream-failed", `${ref.filename}: ${error.message}`, {
        cause: error,
        answered: error.answered,
      });
    }
    if (!(error instanceof IndexError)) throw notStored(ref.filename, messageOf(error));
    throw new IndexError("unprocessable", error.message, { cause: error });
  }
  const reason = trouble?.reason ?? "its project no longer exists in this index";
  if (trouble?.event === "storage-failed") throw notStored(ref.filename, reason);
  if (trouble?.event === "file-refused") {
    throw new IndexError("upstream-failed", otherBytes(ref, reason), { answered: 200 });
  }
  throw upstreamFailed(ref.origin, `${ref.filename} could not be stored: ${reason}`);
}

const notStored = (filename: string, reason: string) =>
  new IndexError("storage-failed", `${filename} could not be stored: ${reason}. Try again in a moment.`);
