import { UnreadableWheel, type RangedArchive } from "./ranged-archive.ts";

/** The record at the end of a ZIP archive, as it stands there (APPNOTE.TXT 4.3.16). Offsets and lengths are in bytes. */
export interface ZipEnd {
  /** Where the record begins. */
  readonly at: number;
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly directoryLength: number;
  readonly directoryOffset: number;
  readonly commentLength: number;
}

/** An entry of the directory, as it stands there (APPNOTE.TXT 4.3.12). Offsets and sizes are in bytes. */
export interface ZipEntry {
  readonly name: Uint8Array;
  readonly extra: Uint8Array;
  readonly commentLength: number;
  /** The version of the format that a reader needs, times ten. */
  readonly version: number;
  readonly flags: number;
  readonly compressionMethod: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly disk: number;
  /** The Unix mode; 0 where the archive was made on another system. */
  readonly mode: number;
  /** Offset of the member's local header. */
  readonly offset: number;
}

/** An extra field (APPNOTE.TXT 4.5.1). */
export interface ExtraField {
  readonly id: number;
  readonly value: Uint8Array;
}

const END = 22;
const END_SIGNATURE = 0x06054b50;
const MAX_COMMENT = 0xffff;

const ENTRY = 46;
const ENTRY_SIGNATURE = 0x02014b50;

const ZIP64_END = 56;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_LOCATOR = 20;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;

/** The id of the extra field with sizes and offsets of 64 bits. */
export const ZIP64 = 0x0001;

/** The value of a 32-bit field whose real value is in the extra field `ZIP64`. */
export const IN_ZIP64 = 0xffffffff;

/** The last end record in the archive, where a comment of any length may follow; undefined where there is none. */
export async function readZipEnd(archive: RangedArchive): Promise<ZipEnd | undefined> {
  if (archive.size < END) return undefined;
  const from = Math.max(0, archive.size - END - MAX_COMMENT);
  const bytes = await archive.bytes(from, archive.size - from);
  const view = viewOf(bytes);
  for (let at = bytes.byteLength - END; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    return {
      at: from + at,
      disk: view.getUint16(at + 4, true),
      directoryDisk: view.getUint16(at + 6, true),
      entriesOnDisk: view.getUint16(at + 8, true),
      entries: view.getUint16(at + 10, true),
      directoryLength: view.getUint32(at + 12, true),
      directoryOffset: view.getUint32(at + 16, true),
      commentLength: view.getUint16(at + 20, true),
    };
  }
  return undefined;
}

/**
 * The entries of a directory, one after the other: nothing behind the entry that the caller stops at is read. Throws
 * `UnreadableWheel` where an entry is broken off.
 *
 * @param directory the whole directory
 */
export function* zipEntries(directory: Uint8Array): Generator<ZipEntry, void> {
  const view = viewOf(directory);
  for (let at = 0; at < directory.byteLength;) {
    const left = directory.byteLength - at;
    if (left < ENTRY || view.getUint32(at, true) !== ENTRY_SIGNATURE) throw brokenOff();
    const nameEnd = ENTRY + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    if (extraEnd + commentLength > left) throw brokenOff();
    yield {
      name: directory.subarray(at + ENTRY, at + nameEnd),
      extra: directory.subarray(at + nameEnd, at + extraEnd),
      commentLength,
      version: view.getUint16(at + 6, true),
      flags: view.getUint16(at + 8, true),
      compressionMethod: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      compressedSize: view.getUint32(at + 20, true),
      uncompressedSize: view.getUint32(at + 24, true),
      disk: view.getUint16(at + 34, true),
      mode: view.getUint32(at + 38, true) >>> 16,
      offset: view.getUint32(at + 42, true),
    };
    at += extraEnd + commentLength;
  }
}

/**
 * The entries of an archive as Python's `zipfile` finds them, on which pip relies: bytes in front of the archive, a comment
 * behind it and ZIP64 are accepted. Throws `UnreadableWheel` where the archive has no directory, or a broken one.
 */
export async function* tolerantZipEntries(archive: RangedArchive): AsyncGenerator<ZipEntry, void> {
  const end = await readZipEnd(archive);
  if (!end) throw new UnreadableWheel("it has no ZIP directory at its end");
  const { at, directoryLength, directoryOffset } = (await readZip64End(archive, end)) ?? end;
  // Offsets count from the archive's first byte, which need not be the file's.
  const shift = at - directoryLength - directoryOffset;
  if (shift < 0) throw new UnreadableWheel("its directory leads out of the file");
  for (const entry of zipEntries(await archive.bytes(at - directoryLength, directoryLength))) {
    const { offset, ...sizes } = widened(entry);
    yield { ...entry, ...sizes, offset: offset + shift };
  }
}

/** ZIP64's own end record, where one stands right before the other (APPNOTE.TXT 4.3.14 and 4.3.15). */
async function readZip64End(
  archive: RangedArchive,
  end: ZipEnd,
): Promise<Pick<ZipEnd, "at" | "directoryLength" | "directoryOffset"> | undefined> {
  const at = end.at - ZIP64_LOCATOR - ZIP64_END;
  if (at < 0) return undefined;
  const view = viewOf(await archive.bytes(at, ZIP64_END + ZIP64_LOCATOR));
  if (view.getUint32(ZIP64_END, true) !== ZIP64_LOCATOR_SIGNATURE) return undefined;
  if (view.getUint32(0, true) !== ZIP64_END_SIGNATURE) return undefined;
  return {
    at,
    directoryLength: Number(view.getBigUint64(40, true)),
    directoryOffset: Number(view.getBigUint64(48, true)),
  };
}

/** An entry's sizes and offset, each from its ZIP64 field where the entry refers to that (APPNOTE.TXT 4.5.3). */
function widened({ uncompressedSize, compressedSize, offset, extra }: ZipEntry) {
  const value = extraFields(extra)?.find(({ id }) => id === ZIP64)?.value ?? new Uint8Array();
  const view = viewOf(value);
  let at = 0;
  const wide = (narrow: number) => {
    if (narrow !== IN_ZIP64 || at + 8 > value.byteLength) return narrow;
    at += 8;
    return Number(view.getBigUint64(at - 8, true));
  };
  // They stand in this order.
  return { uncompressedSize: wide(uncompressedSize), compressedSize: wide(compressedSize), offset: wide(offset) };
}

/** A member's extra fields; undefined where they are broken off. */
export function extraFields(extra: Uint8Array): ExtraField[] | undefined {
  const view = viewOf(extra);
  const fields: ExtraField[] = [];
  for (let at = 0; at < extra.byteLength;) {
    if (extra.byteLength - at < 4) return undefined;
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.byteLength) return undefined;
    fields.push({ id: view.getUint16(at, true), value: extra.subarray(at + 4, end) });
    at = end;
  }
  return fields;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const brokenOff = () => new UnreadableWheel("its directory is broken off");
