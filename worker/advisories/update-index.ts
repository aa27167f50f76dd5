import type { AdvisoryIndex } from "../policy/osv/index-file.ts";
import { entriesOf, type AdvisoryEntry } from "../policy/osv/record.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ExportArchive, ReadRecord } from "./export-archive.ts";

/** An index, and what is different from the one before it. */
export interface IndexUpdate {
  readonly index: AdvisoryIndex;
  /** Whether it has to be stored. */
  readonly isOther: boolean;
  /** How many records say something else than before, or are new, and how many are no longer there. */
  readonly changed: number;
  readonly gone: number;
  /** Records that cannot be read: what the index before had of them stays. */
  readonly unreadable: readonly string[];
}

/** The share of records, or of entries, that a new index may have fewer. */
const MAX_LOSS = 0.1;

export const EMPTY_INDEX: AdvisoryIndex = { entries: new Map(), records: new Map() };

/** How many entries an index has: one for each project of a record that counts. */
export function entryCount({ entries }: AdvisoryIndex): number {
  let count = 0;
  for (const listed of entries.values()) count += listed.length;
  return count;
}

/**
 * The index that has exactly what an export has. Records are read that are not in the index before, or have another
 * checksum there. Throws what reading the archive throws.
 */
export async function indexOfExport(
  { checksums, records }: ExportArchive,
  before: AdvisoryIndex,
): Promise<IndexUpdate> {
  const wanted = new Set<string>();
  for (const [id, crc] of checksums) if (before.records.get(id) !== crc || crc === 0) wanted.add(id);
  const gone = new Set([...before.records.keys()].filter((id) => !checksums.has(id)));
  const changes = wanted.size > 0 ? records(wanted) : [];
  return merged(before, changes, gone, checksums);
}

/** The index with some records as they are now. Their checksums are not known then. */
export const indexWith = (before: AdvisoryIndex, changes: readonly ReadRecord[]): Promise<IndexUpdate> =>
  merged(before, changes, new Set(), new Map());

async function merged(
  before: AdvisoryIndex,
  changes: Iterable<ReadRecord> | AsyncIterable<ReadRecord>,
  gone: ReadonlySet<string>,
  checksums: ReadonlyMap<string, number>,
): Promise<IndexUpdate> {
  const records = new Map([...before.records].filter(([id]) => !gone.has(id)));
  const read = new Map<string, ReadonlyMap<ProjectName, AdvisoryEntry>>();
  const unreadable: string[] = [];
  for await (const { id, record } of changes) {
    if (record) read.set(id, entriesOf(record));
    else unreadable.push(id);
    // It is read again where nothing is known of its file.
    if (record || records.has(id)) records.set(id, (record && checksums.get(id)) ?? 0);
  }

  const entries = new Map<ProjectName, readonly AdvisoryEntry[]>();
  const [was, is] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const note = (said: Map<string, string[]>, name: ProjectName, entry: AdvisoryEntry) =>
    said.set(entry.id, [...(said.get(entry.id) ?? []), `${name} ${JSON.stringify(entry)}`]);
  for (const [name, listed] of before.entries) {
    const left = listed.filter((entry) => !read.has(entry.id) && !gone.has(entry.id));
    if (left.length > 0) entries.set(name, left);
    if (left.length < listed.length) for (const entry of listed) if (read.has(entry.id)) note(was, name, entry);
  }
  for (const own of read.values()) {
    for (const [name, entry] of own) {
      note(is, name, entry);
      entries.set(name, [...(entries.get(name) ?? []), entry]);
    }
  }
  const said = (of: Map<string, string[]>, id: string) => (of.get(id) ?? []).toSorted().join("\n");
  const changed = [...read.keys()].filter((id) => !before.records.has(id) || said(was, id) !== said(is, id)).length;
  const isOther =
    changed > 0 || gone.size > 0 || [...records].some(([id, crc]) => crc !== 0 && before.records.get(id) !== crc);
  return { index: { entries, records }, isOther, changed, gone: gone.size, unreadable };
}

/** How much an index has. */
export interface IndexSize {
  readonly records: number;
  readonly entries: number;
}

export const sizeOfIndex = (index: AdvisoryIndex): IndexSize => ({
  records: index.records.size,
  entries: entryCount(index),
});

/** Why an index must not take the place of one that has so much more; undefined where it may. */
export function lossOf(after: IndexSize, before: IndexSize): string | undefined {
  for (const what of ["records", "entries"] as const) {
    if (after[what] < before[what] * (1 - MAX_LOSS)) {
      return `it has ${after[what]} ${what}, and there were ${before[what]}: more than a tenth would be lost`;
    }
  }
  return undefined;
}
