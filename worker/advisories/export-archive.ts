import { osvRecord } from "../../schema/osv-record.ts";
import type { OsvRecord } from "../policy/osv/record.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import { giveWay } from "../repository/give-way.ts";
import { contentOf, RangedArchive, type ReadRange } from "../repository/ranged-archive.ts";
import { tolerantZipEntries, type ZipEntry } from "../repository/zip-directory.ts";

/** OSV's export for PyPI has some 25,000 records, whose directory takes 2 MB; it is read into memory. Bytes. */
const MAX_DIRECTORY = 32 * 1024 ** 2;

/** A record is larger where it lists thousands of versions. Bytes. */
const MAX_RECORD = 8 * 1024 ** 2;

/** How much of the archive is in memory at once, where no member is larger. Bytes. */
const STRETCH = 2 * 1024 ** 2;

/** Members that lie so close to each other are read together, with what is between them. Bytes. */
const GAP = 32 * 1024;

/** Behind a member: the header in front of its bytes has a length that only it says. Bytes. */
const SLACK = 2 * 1024;

/** The tail in which the archive's end is looked for; the directory is read apart. Bytes. */
const TAIL = 128 * 1024;

/** A member of the export: one record. */
interface Member extends ZipEntry {
  readonly id: string;
}

/** A record's id and content; undefined where that cannot be read. */
export interface ReadRecord {
  readonly id: string;
  readonly record: OsvRecord | undefined;
}

/** OSV's export: a ZIP archive with a file for each record, read in ranges. */
export interface ExportArchive {
  /** By the id of a record the CRC-32 of its file. */
  readonly checksums: ReadonlyMap<string, number>;
  /** Reads these records, in the order of the archive, a stretch at a time. */
  readonly records: (ids: ReadonlySet<string>) => AsyncGenerator<ReadRecord>;
}

/**
 * Opens an export: reads its directory. Throws `UnreadableWheel` where it is no ZIP archive, and what `read` throws.
 *
 * @param read reads a part of the archive; all parts must be of one state of it
 */
export async function openExport(read: ReadRange): Promise<ExportArchive> {
  const tail = await read({ suffix: TAIL });
  if (!tail) throw new Error("there is no export");
  const members: Member[] = [];
  for await (const entry of tolerantZipEntries(new RangedArchive(read, tail, 4, MAX_DIRECTORY))) {
    const [, id] = /^([A-Za-z0-9][\w.-]{0,99})\.json$/.exec(new TextDecoder().decode(entry.name)) ?? [];
    if (id !== undefined) members.push({ ...entry, id });
  }
  members.sort((one, other) => one.offset - other.offset);
  return {
    checksums: new Map(members.map(({ id, crc32 }) => [id, crc32])),

    async *records(ids) {
      for (const stretch of stretchesOf(members.filter(({ id }) => ids.has(id)))) {
        const [first, last] = [stretch[0], stretch.at(-1)];
        if (!first || !last) continue;
        const end = Math.min(endOf(last) + SLACK, tail.size);
        const piece = await read({ start: first.offset, end: end - 1 });
        if (!piece) throw new Error("the export is no longer there");
        const archive = new RangedArchive(read, piece, 2, STRETCH + 2 * MAX_RECORD);
        for (const member of stretch) yield { id: member.id, record: await recordIn(archive, member) };
        await giveWay();
      }
    },
  };
}

const endOf = ({ offset, compressedSize }: Member) => offset + SLACK + compressedSize;

/** Members that are read at once. */
function* stretchesOf(members: readonly Member[]): Generator<Member[]> {
  let stretch: Member[] = [];
  for (const member of members) {
    const [first, last] = [stretch[0], stretch.at(-1)];
    if (first && last && (member.offset > endOf(last) + GAP || endOf(member) - first.offset > STRETCH)) {
      yield stretch;
      stretch = [];
    }
    stretch.push(member);
  }
  if (stretch.length > 0) yield stretch;
}

async function recordIn(archive: RangedArchive, member: Member): Promise<OsvRecord | undefined> {
  try {
    const content = await contentOf(archive, member, `${member.id}.json`, MAX_RECORD);
    return recordOf(member.id, content);
  } catch (error) {
    if (archive.failure) throw error;
    return undefined;
  }
}

/** The record in a file of the export; undefined where it is not the one that the file's name says. */
export function recordOf(id: string, content: Uint8Array): OsvRecord | undefined {
  const { data } = osvRecord.safeParse(parsedJson(new TextDecoder().decode(content)));
  return data?.id === id ? data : undefined;
}
