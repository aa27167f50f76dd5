import { advisoryEntries } from "../../schema/advisory-index.ts";
import { IndexError } from "../errors.ts";
import { decodeIndex, encodeIndex, UnreadableIndex, type AdvisoryIndex } from "../policy/osv/index-file.ts";
import { asProjectName } from "../pypi/name.ts";
import type { AdvisoryCheck, AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";
import { lossOf, sizeOfIndex, type IndexSize } from "./update-index.ts";

/** What loading an index did. */
export interface LoadedIndex {
  readonly before: IndexSize;
  readonly after: IndexSize;
}

/**
 * Stores an index that a person has made from an export, in place of the one before.
 *
 * @param mayLose whether it may have more than a tenth fewer records than the one before
 * @throws IndexError `unprocessable` where it is no index, or would lose too much
 */
export async function loadIndex(
  store: AdvisoryIndexStore,
  file: Uint8Array,
  { mayLose, check, replace = store.replace }: LoadOptions,
): Promise<LoadedIndex> {
  const index = checkedIndex(file);
  const after = sizeOfIndex(index);
  const { records, entries } = await store.state();
  const before = { records, entries };
  const loss = mayLose ? undefined : lossOf(after, before);
  if (loss !== undefined) {
    throw new IndexError(
      "unprocessable",
      `This index was not stored: ${loss}. If that is right, load it with --fewer (?fewer=true).`,
    );
  }
  await replace(encodeIndex(index), after, check);
  return { before, after };
}

interface LoadOptions {
  readonly mayLose: boolean;
  readonly check: AdvisoryCheck;
  /** Stores it, and what goes with that. */
  readonly replace?: AdvisoryIndexStore["replace"];
}

/** The index in a file that comes from outside. */
function checkedIndex(file: Uint8Array): AdvisoryIndex {
  try {
    const index = decodeIndex(file);
    for (const [name, listed] of index.entries) {
      if (asProjectName(name) !== name) throw new UnreadableIndex(`${JSON.stringify(name.slice(0, 80))} is no name`);
      if (!advisoryEntries.safeParse(listed).success) throw new UnreadableIndex(`what it says of ${name} is malformed`);
    }
    return index;
  } catch (error) {
    if (!(error instanceof UnreadableIndex)) throw error;
    throw new IndexError(
      "unprocessable",
      `This is no index of advisories as pypi-edge osv load makes it: ${error.message}.`,
      { cause: error },
    );
  }
}
