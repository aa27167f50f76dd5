/** What a ZIP archive says of a member, once in front of its bytes and once in the directory. */
interface Fields {
  readonly name: string | Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly extra: Uint8Array;
}

/** A member as it should be, and what is to be said of it instead. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly stored?: boolean;
  /** Said in both places. */
  readonly said?: Partial<Fields>;
  readonly local?: Partial<Fields>;
  readonly central?: Partial<Fields> & { readonly mode?: number; readonly offset?: number; readonly comment?: string };
  /** What a reader must know of the format, ten times. */
  readonly version?: { readonly local?: number; readonly central?: number };
  /** In place of its bytes in the archive. */
  readonly packed?: Uint8Array;
  /** Bytes in front of the member that are none of it. */
  readonly gap?: Uint8Array;
}

interface End {
  readonly count?: number;
  readonly disk?: number;
  readonly comment?: string;
  readonly length?: number;
  /** Bytes between the members and the directory. */
  readonly gap?: Uint8Array;
  /** Bytes between the directory and its end record. */
  readonly before?: Uint8Array;
}

const encoder = new TextEncoder();

export const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? encoder.encode(content) : content;

/** Bytes that hardly compress, the same each time. */
export function noise(length: number): Uint8Array {
  let state = 1;
  return new Uint8Array(length).map(() => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
}

export async function joined(parts: readonly (string | Uint8Array)[]): Promise<Uint8Array> {
  return new Uint8Array(await new Blob(parts.map(bytesOf)).arrayBuffer());
}

export async function gzipped(content: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Little-endian numbers, each with its width in bytes. */
function numbers(...fields: readonly (readonly [width: 1 | 2 | 4 | 8, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((total, [width]) => total + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, value, true);
    else if (width === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
    at += width;
  }
  return bytes;
}

/** An extra field. */
export const extra = async (id: number, value: Uint8Array) => joined([numbers([2, id], [2, value.byteLength]), value]);

/** Both sizes as ZIP64 has them. */
export const zip64 = async (uncompressed: number, compressed: number) =>
  extra(1, numbers([8, uncompressed], [8, compressed]));

const shared = (fields: Fields, version = 20) => {
  const name = bytesOf(fields.name);
  return [
    numbers([2, version], [2, fields.flags], [2, fields.method], [2, 0], [2, 0x21], [4, fields.crc32]),
    numbers(
      [4, fields.compressedSize],
      [4, fields.uncompressedSize],
      [2, name.byteLength],
      [2, fields.extra.byteLength],
    ),
    name,
  ] as const;
};

/** A ZIP archive of these members, byte by byte: as sound or unsound as it is asked for. */
export async function zip(entries: readonly ZipEntry[], end: End = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  const length = (list: readonly Uint8Array[]) => list.reduce((total, part) => total + part.byteLength, 0);
  for (const { name, content, stored = false, said, local, central, version, packed, gap } of entries) {
    const bytes = bytesOf(content);
    const gzip = await gzipped(bytes);
    const data = packed ?? (stored ? bytes : gzip.subarray(10, -8));
    const fields: Fields = {
      name,
      flags: /[^\u0020-\u007e]/.test(name) ? 0x800 : 0,
      method: stored ? 0 : 8,
      crc32: new DataView(gzip.buffer).getUint32(gzip.byteLength - 8, true),
      compressedSize: data.byteLength,
      uncompressedSize: bytes.byteLength,
      extra: new Uint8Array(),
      ...said,
    };
    if (gap) parts.push(gap);
    const offset = length(parts);
    const own = { ...fields, ...local };
    parts.push(await joined([numbers([4, 0x04034b50]), ...shared(own, version?.local), own.extra, data]));
    const listed = { ...fields, ...central };
    const [versions, sizes, spelled] = shared(listed, version?.central);
    const comment = bytesOf(listed.comment ?? "");
    const mode = numbers(
      [2, comment.byteLength],
      [2, 0],
      [2, 0],
      [4, (listed.mode ?? (name.endsWith("/") ? 0o40755 : 0o100644)) * 2 ** 16],
    );
    const place = numbers([4, listed.offset ?? offset]);
    const head = numbers([4, 0x02014b50], [2, 0x0314]);
    directory.push(await joined([head, versions, sizes, mode, place, spelled, listed.extra, comment]));
  }
  if (end.gap) parts.push(end.gap);
  const count = end.count ?? entries.length;
  const comment = bytesOf(end.comment ?? "");
  return joined([
    ...parts,
    ...directory,
    end.before ?? "",
    numbers([4, 0x06054b50], [2, end.disk ?? 0], [2, 0], [2, count], [2, count]),
    numbers([4, end.length ?? length(directory)], [4, length(parts)], [2, comment.byteLength]),
    comment,
  ]);
}

/** A member of a tar archive. */
export interface TarEntry {
  readonly path: string | Uint8Array;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  readonly target?: string;
  /** In place of the content's length. */
  readonly size?: number | string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: number;
  /** Other bytes at these places of the header. */
  readonly patch?: Readonly<Record<number, string | Uint8Array>>;
  /** In place of the zeros behind the content, at their beginning. */
  readonly padding?: string;
}

/** A tar archive, ended by two empty blocks unless told otherwise. */
export async function tar(entries: readonly TarEntry[], end: Uint8Array = new Uint8Array(1024)): Promise<Uint8Array> {
  return joined([
    ...entries.flatMap((entry) => {
      const content = bytesOf(entry.content ?? "");
      const padding = new Uint8Array((512 - (content.byteLength % 512)) % 512);
      padding.set(bytesOf(entry.padding ?? ""));
      return [tarHeader(entry, content.byteLength), content, padding];
    }),
    end,
  ]);
}

function tarHeader({ path, type, target, size, prefix, magic, checksum, patch }: TarEntry, length: number): Uint8Array {
  const block = new Uint8Array(512);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  const put = (at: number, text: string | Uint8Array) => block.set(bytesOf(text), at);
  put(0, path);
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  put(124, typeof size === "string" ? size : `${octal(size ?? length, 11)}\0`);
  put(136, `${octal(1_000_000_000, 11)}\0        ${type ?? "0"}${target ?? ""}`);
  put(257, magic ?? "ustar\u000000");
  put(345, prefix ?? "");
  for (const [at, bytes] of Object.entries(patch ?? {})) put(Number(at), bytes);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(checksum ?? sum, 6)}\0 `);
  return block;
}

/** A record of an extended header of tar. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const body = encoder.encode(rest).byteLength;
  const length = body + String(body + String(body).length).length;
  return `${length}${rest}`;
}
