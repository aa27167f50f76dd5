import { messageOf } from "../errors.ts";
import { decodeIndex, encodeIndex, UnreadableIndex, type AdvisoryIndex } from "../policy/osv/index-file.ts";
import type { Context } from "../repository/context.ts";
import type { AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";

/** The stored index; undefined where there is none that can be read, also where the store fails: all of it is made anew then. */
export async function knownIndex(
  store: Pick<AdvisoryIndexStore, "read">,
  ctx: Context,
): Promise<AdvisoryIndex | undefined> {
  try {
    const file = await store.read();
    return file && decodeIndex(file);
  } catch (error) {
    if (!(error instanceof UnreadableIndex))
      ctx.report({ event: "storage-failed", what: "the index of advisories", reason: messageOf(error) });
    return undefined;
  }
}

/** The file that the store takes. */
export const encodedIndex = (index: AdvisoryIndex): Uint8Array => encodeIndex(index);
