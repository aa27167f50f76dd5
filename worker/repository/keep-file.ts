import { IndexError, messageOf } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { ListedFile } from "./artifact.ts";
import type { Context } from "./context.ts";
import type { Repository } from "./repository.ts";

/** How storing a file ended. `unlisted`: no page lists it. */
export type KeepOutcome =
  | { readonly kind: "stored"; /** Bytes. */ readonly size: number | undefined }
  | { readonly kind: "unlisted" | "failed"; readonly reason: string; readonly error: unknown };

/**
 * Has a source store a file, whatever its size. Does not reject.
 *
 * @param listed its entry, where the caller has just read the page
 */
export async function keepFile(
  ref: FileRef,
  repository: Pick<Repository, "file">,
  ctx: Context,
  listed?: ListedFile,
): Promise<KeepOutcome> {
  const failed = (kind: "unlisted" | "failed", reason: string, error?: unknown) => ({ kind, reason, error });
  try {
    const request = { ref, headOnly: false, keep: true, ...(listed && { listed, candidates: [listed.project] }) };
    const artifact = await repository.file(request, ctx);
    if (!artifact) return failed("unlisted", "its project is no longer there");
    if (artifact.body instanceof ReadableStream) await artifact.body.cancel();
    // A body from the upstream was not stored: the store failed, or the bytes were refused.
    if (artifact.via === "upstream") return failed("failed", "it could not be stored");
    return { kind: "stored", size: artifact.size };
  } catch (error) {
    const unlisted = error instanceof IndexError && error.kind === "file-not-found";
    return failed(unlisted ? "unlisted" : "failed", messageOf(error), error);
  }
}
