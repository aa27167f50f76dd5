import type { ProjectName } from "../../pypi/name.ts";
import type { AdvisoryEntry } from "./record.ts";

/**
 * The index of advisories as one file: a header, the entries of all projects in shards by name, and which records it was
 * made of. A look-up reads one shard, by its range; only the job that keeps the index reads the rest.
 *
 *     "OSV2"  257 offsets (uint32, little-endian: where each shard begins, and where the last ends)
 *     256 shards, each JSON: {"name": [entry, …], …}
 *     a line for each record: its id, a space, and the CRC-32 of its file in the export in hex ("0": not known)
 */

/** How many shards there are: with 24,500 records each has some 10 KB. */
const SHARDS = 256;

/** Raised where records are read in another way: the job then reads all of them again. Look-ups go on with what is stored. */
const MAGIC = "OSV2";

/** Bytes of the header. */
export const INDEX_HEADER = MAGIC.length + 4 * (SHARDS + 1);

/** Where each shard begins, and where the last ends. Bytes. */
export type ShardOffsets = readonly number[];

/** What the index was made of: by the id of a record the CRC-32 of its file; 0: not known. */
export type RecordChecksums = ReadonlyMap<string, number>;

export interface AdvisoryIndex {
  readonly entries: ReadonlyMap<ProjectName, readonly AdvisoryEntry[]>;
  readonly records: RecordChecksums;
}

/** An index's file cannot be read. */
export class UnreadableIndex extends Error {}

/** The number of the shard that has a project: FNV-1a of its name. */
export function shardOf(name: ProjectName): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

/** The file of an index. */
export function encodeIndex({ entries, records }: AdvisoryIndex): Uint8Array<ArrayBuffer> {
  const shards = Array.from({ length: SHARDS }, (): Record<ProjectName, readonly AdvisoryEntry[]> =>
    Object.create(null),
  );
  for (const [name, listed] of entries) {
    const shard = shards[shardOf(name)];
    if (shard && listed.length > 0) shard[name] = listed;
  }
  const encoder = new TextEncoder();
  const texts = shards.map((shard) => encoder.encode(JSON.stringify(shard)));
  const last = encoder.encode([...records].map(([id, crc]) => `${id} ${crc.toString(16)}\n`).join(""));
  const length = texts.reduce((sum, { byteLength }) => sum + byteLength, INDEX_HEADER);
  const file = new Uint8Array(length + last.byteLength);
  const view = new DataView(file.buffer);
  encoder.encodeInto(MAGIC, file);
  let at = INDEX_HEADER;
  for (const [number, text] of texts.entries()) {
    view.setUint32(MAGIC.length + 4 * number, at, true);
    file.set(text, at);
    at += text.byteLength;
  }
  view.setUint32(MAGIC.length + 4 * SHARDS, at, true);
  file.set(last, at);
  return file;
}

/** The offsets in a file's header. Throws `UnreadableIndex` where it has none that are sound. */
export function shardOffsets(header: Uint8Array): ShardOffsets {
  if (header.byteLength < INDEX_HEADER || new TextDecoder().decode(header.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new UnreadableIndex("it does not begin like an index of advisories of this version");
  }
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const offsets = Array.from({ length: SHARDS + 1 }, (_, at) => view.getUint32(MAGIC.length + 4 * at, true));
  if (offsets[0] !== INDEX_HEADER || offsets.some((offset, at) => offset < (offsets[at - 1] ?? 0))) {
    throw new UnreadableIndex("its offsets are not in order");
  }
  return offsets;
}

/** The entries of a shard, by project. Throws `UnreadableIndex`. */
export function decodeShard(bytes: Uint8Array): Map<ProjectName, readonly AdvisoryEntry[]> {
  try {
    return new Map(Object.entries(JSON.parse(decoded(bytes)) as Record<ProjectName, readonly AdvisoryEntry[]>)) as Map<
      ProjectName,
      readonly AdvisoryEntry[]
    >;
  } catch (error) {
    throw new UnreadableIndex("a shard is not JSON", { cause: error });
  }
}

/** A whole file. Throws `UnreadableIndex`. */
export function decodeIndex(file: Uint8Array): AdvisoryIndex {
  const offsets = shardOffsets(file.subarray(0, INDEX_HEADER));
  const end = offsets[SHARDS] ?? 0;
  if (end > file.byteLength) throw new UnreadableIndex("it is broken off");
  const entries = new Map<ProjectName, readonly AdvisoryEntry[]>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const [name, listed] of decodeShard(file.subarray(offsets[shard], offsets[shard + 1]))) {
      entries.set(name, listed);
    }
  }
  const records = new Map<string, number>();
  for (const line of decoded(file.subarray(end)).split("\n")) {
    const [id = "", crc = ""] = line.split(" ");
    if (id !== "") records.set(id, Number.parseInt(crc, 16) || 0);
  }
  return { entries, records };
}

const decoded = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
