import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";

/** What a header says, the local one or the directory's; bytes as characters. */
export interface ZipFields {
  needed: number;
  flags: number;
  method: number;
  crc32: number;
  compressedSize: number;
  uncompressedSize: number;
  name: string;
  extra: string;
}

/** A member, to which anything may be done. */
export interface ZipMember {
  name: string;
  content: string;
  stored: boolean;
  /** Said otherwise than it is: in both headers, in the local one, in the directory's. */
  said: Partial<ZipFields>;
  local: Partial<ZipFields>;
  central: Partial<ZipFields> & {
    madeBy?: number;
    mode?: number;
    disk?: number;
    internal?: number;
    comment?: string;
    shift?: number;
  };
  /** Done to its bytes in the archive. */
  pack: (packed: Buffer) => Buffer;
  /** Bytes before its header, and behind its content. */
  before: string;
  behind: string;
}

/** A wheel, to which anything may be done. */
export interface Wheel {
  members: ZipMember[];
  /** What the record at the end says otherwise than it is. */
  end: {
    disk?: number;
    from?: number;
    here?: number;
    count?: number;
    length?: number;
    shift?: number;
    comment?: string;
  };
  /** Bytes before all members, before the directory, and between it and the record at the end. */
  first: string;
  gap: string;
  before: string;
  record: (text: string) => string;
  last: ((zip: Uint8Array) => Uint8Array)[];
}

const RECORD = "demo-1.0.dist-info/RECORD";

export const zipMember = (name: string, content: string): ZipMember => ({
  name,
  content,
  stored: false,
  said: {},
  local: {},
  central: {},
  pack: (packed) => packed,
  before: "",
  behind: "",
});

/** An extra field; bytes as characters. */
export const extraField = (id: number, value: string) => numbers([2, id], [2, value.length]) + value;

/** Little-endian numbers, each with its width, as characters. */
export function numbers(...fields: readonly (readonly [width: 2 | 4 | 8, value: number])[]): string {
  return fields
    .map(([width, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
      return bytes.toString("latin1", 0, width);
    })
    .join("");
}

const latin1 = (text: string) => Buffer.from(text, "latin1");

export function encodeWheel({ members, end, first, gap, before, record, last }: Wheel): Uint8Array {
  const parts: Buffer[] = [latin1(first)];
  const directory: string[] = [];
  let at = first.length;
  const all = [...members, zipMember(RECORD, record(recordOf(members)))];
  for (const member of all) {
    const content = latin1(member.content);
    const packed = member.pack(member.stored ? content : deflateRawSync(content));
    const { name, said, local, central } = member;
    const truth = {
      needed: 20,
      flags: /[^\x20-\x7e]/.test(name) ? 0x800 : 0,
      method: member.stored ? 0 : 8,
      crc32: crc32(content),
      compressedSize: packed.byteLength,
      uncompressedSize: content.byteLength,
      name,
      extra: "",
      ...said,
    };
    const own = { ...truth, ...local };
    const offset = at + member.before.length;
    const whole = [
      latin1(member.before + numbers([4, 0x04034b50]) + shared(own) + own.name + own.extra),
      packed,
      latin1(member.behind),
    ];
    parts.push(...whole);
    at += whole.reduce((total, part) => total + part.byteLength, 0);
    directory.push(entry({ ...truth, ...central }, central, offset));
  }
  const listed = directory.join("");
  const offset = at + gap.length + (end.shift ?? 0);
  const comment = end.comment ?? "";
  const tail =
    numbers([4, 0x06054b50], [2, end.disk ?? 0], [2, end.from ?? 0], [2, end.here ?? all.length]) +
    numbers([2, end.count ?? all.length], [4, end.length ?? listed.length], [4, offset], [2, comment.length]);
  const zip: Uint8Array = Buffer.concat([...parts, latin1(gap + listed + before + tail + comment)]);
  return last.reduce((bytes, change) => change(bytes), zip);
}

const shared = ({ needed, flags, method, crc32: sum, compressedSize, uncompressedSize, name, extra }: ZipFields) =>
  numbers(
    [2, needed],
    [2, flags],
    [2, method],
    [2, 0],
    [2, 0x21],
    [4, sum],
    [4, compressedSize],
    [4, uncompressedSize],
  ) + numbers([2, name.length], [2, extra.length]);

function entry(fields: ZipFields, central: ZipMember["central"], offset: number): string {
  const {
    madeBy = 0x0314,
    mode = fields.name.endsWith("/") ? 0o40755 : 0o100644,
    disk = 0,
    internal = 0,
    comment = "",
    shift = 0,
  } = central;
  return (
    numbers([4, 0x02014b50], [2, madeBy]) +
    shared(fields) +
    numbers([2, comment.length], [2, disk], [2, internal], [4, mode * 2 ** 16], [4, offset + shift]) +
    fields.name +
    fields.extra +
    comment
  );
}

/** RECORD's lines for what the members are. */
function recordOf(members: readonly ZipMember[]): string {
  const lines = members
    .filter(({ name }) => !name.endsWith("/"))
    .map(({ name, content }) => {
      const bytes = latin1(content);
      const path = /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
      return `${path},sha256=${createHash("sha256").update(bytes).digest("base64url")},${bytes.byteLength}`;
    });
  return [...new Set(lines), `${RECORD},,`, ""].join("\n");
}
