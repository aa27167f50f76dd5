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
    throw named(error, ref.filename);
  }
  const reason = trouble?.reason ?? GONE;
  if (trouble?.event === "storage-failed") throw notStored(ref.filename, reason);
  if (trouble?.event === "file-refused") {
    throw new IndexError("upstream-failed", otherBytes(ref, reason), { answered: 200 });
  }
  throw upstreamFailed(ref.origin, `${ref.filename} could not be stored: ${reason}`);
}

/** The first byte of a file, which any file has. */
const FIRST_BYTE = { start: 0, end: 0 };

/**
 * Finds out whether a file could be stored, by one byte of it and by what is known of its last fetch, and stores nothing. Throws as
 * `keepNow` does where it could not. That no error is thrown says little: that it has the bytes of its page is known once it was fetched.
 */
export async function probe({ files, project, ref }: ResolvedFile, ctx: Context): Promise<void> {
  const request = { ref, headOnly: false, range: FIRST_BYTE, probe: true, candidates: [project] };
  let artifact;
  try {
    artifact = await files.file(request, ctx);
    if (artifact) await discard(artifact);
  } catch (error) {
    throw named(error, ref.filename);
  }
  if (!artifact) throw upstreamFailed(ref.origin, `${ref.filename} could not be stored: ${GONE}`);
}

const GONE = "its project no longer exists in this index";

/** The error for what hinders a file from being stored, as one that names the file. */
function named(error: unknown, filename: string): IndexError {
  if (isUpstreamFailure(error)) {
    const { answered } = error;
    return new IndexError("upstream-failed", `${filename}: ${error.message}`, { cause: error, answered });
  }
  if (!(error instanceof IndexError)) return notStored(filename, messageOf(error));
  return new IndexError("unprocessable", error.message, { cause: error });
}

const notStored = (filename: string, reason: string) =>
  new IndexError("storage-failed", `${filename} could not be stored: ${reason}. Try again in a moment.`);
