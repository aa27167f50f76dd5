import { decodeIndex, encodeIndex, UnreadableIndex, type AdvisoryIndex } from "../policy/osv/index-file.ts";
import type { AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";

/** The stored index; undefined where there is none that can be read. Throws what the store throws. */
export async function knownIndex(store: Pick<AdvisoryIndexStore, "read">): Promise<AdvisoryIndex | undefined> {
  const file = await store.read();
  try {
    return file && decodeIndex(file);
  } catch (error) {
    if (error instanceof UnreadableIndex) return undefined;
    throw error;
  }
}

/** The file that the store takes. */
export const encodedIndex = (index: AdvisoryIndex): Uint8Array => encodeIndex(index);
