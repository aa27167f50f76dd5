import { encodeIndex } from "../policy/osv/index-file.ts";
import { resolveRange } from "../repository/range.ts";
import { openExport } from "./export-archive.ts";
import { EMPTY_INDEX, indexOfExport } from "./update-index.ts";

/**
 * The file of an index that is made of an export at hand.
 *
 * @param size of the export, in bytes
 * @param read gives so many bytes from an offset
 * @returns the file, and the ids of records that cannot be read
 * @throws Error where it is no export: no archive, or one without records
 */
export async function indexFileOf(
  size: number,
  read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<{ readonly file: Uint8Array<ArrayBuffer>; readonly unreadable: readonly string[] }> {
  const archive = await openExport(async (range) => {
    const part = resolveRange(range, size);
    if (part === "unsatisfiable") return null;
    return { bytes: await read(part.offset, part.length), offset: part.offset, size };
  });
  const { index, unreadable } = await indexOfExport(archive, EMPTY_INDEX);
  if (index.records.size === 0) throw new Error("it has no records");
  return { file: encodeIndex(index), unreadable };
}
