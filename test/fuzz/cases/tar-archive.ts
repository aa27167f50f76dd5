import { gzipSync } from "node:zlib";

export const BLOCK = 512;

/** A member's header field by field, each as the bytes that stand there, one a character. */
export interface TarFields {
  name: string;
  mode: string;
  uid: string;
  gid: string;
  size: string;
  mtime: string;
  type: string;
  linkname: string;
  /** Magic and version. */
  magic: string;
  uname: string;
  gname: string;
  devmajor: string;
  devminor: string;
  prefix: string;
}

/** A member, to which anything may be done. */
export interface TarMember extends TarFields {
  /** In place of the right one. */
  checksum: string | undefined;
  content: string;
  /** What its last block is filled with, from its first byte on. */
  padding: string;
  /** Bits that are turned in its header before the checksum is made. */
  flips: { readonly at: number; readonly mask: number }[];
}

/** An sdist, to which anything may be done. */
export interface Archive {
  members: TarMember[];
  end: string;
  /** Done to the bytes of the archive. */
  last: ((tar: Uint8Array) => Uint8Array)[];
  /** Done to the bytes of the gzip stream. */
  packed: ((gzip: Uint8Array) => Uint8Array)[];
}

const PLACES: readonly (readonly [keyof TarFields, number, number])[] = [
  ["name", 0, 100],
  ["mode", 100, 8],
  ["uid", 108, 8],
  ["gid", 116, 8],
  ["size", 124, 12],
  ["mtime", 136, 12],
  ["type", 156, 1],
  ["linkname", 157, 100],
  ["magic", 257, 8],
  ["uname", 265, 32],
  ["gname", 297, 32],
  ["devmajor", 329, 8],
  ["devminor", 337, 8],
  ["prefix", 345, 155],
];

export const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");

/** A member as a build tool writes it. */
export function memberOf(name: string, content = "", more: Partial<TarMember> = {}): TarMember {
  return {
    name,
    mode: `${octal(0o644, 7)}\0`,
    uid: `${octal(0, 7)}\0`,
    gid: `${octal(0, 7)}\0`,
    size: `${octal(content.length, 11)}\0`,
    mtime: `${octal(1_000_000_000, 11)}\0`,
    type: "0",
    linkname: "",
    magic: "ustar\x0000",
    uname: "",
    gname: "",
    devmajor: "",
    devminor: "",
    prefix: "",
    checksum: undefined,
    content,
    padding: "",
    flips: [],
    ...more,
  };
}

/** A record of an extended header (POSIX.1-2001). */
export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = rest.length + String(rest.length + String(rest.length).length).length;
  return `${length}${rest}`;
}

export function encodeArchive({ members, end, last, packed }: Archive): Uint8Array {
  const tar = Buffer.concat([...members.map(encodeMember), Buffer.from(end, "latin1")]);
  const changed = last.reduce<Uint8Array>((bytes, change) => change(bytes), tar);
  return packed.reduce<Uint8Array>((bytes, change) => change(bytes), gzipSync(changed, { level: 1 }));
}

/** A member as it stands in an archive. */
export function encodeMember(member: TarMember): Uint8Array {
  const fill = (BLOCK - (member.content.length % BLOCK)) % BLOCK;
  const content = member.content + member.padding.slice(0, fill).padEnd(fill, "\0");
  return Buffer.concat([header(member), Buffer.from(content, "latin1")]);
}

/** The checksum that is right for a member, as it is written. */
export const checksumOf = (member: TarMember) =>
  header({ ...member, checksum: undefined }).toString("latin1", 148, 156);

function header(member: TarMember): Buffer {
  const block = Buffer.alloc(BLOCK);
  for (const [field, at, width] of PLACES) block.write(member[field].slice(0, width), at, "latin1");
  for (const { at, mask } of member.flips) block[at] = (block[at] ?? 0) ^ mask;
  block.write(" ".repeat(8), 148, "latin1");
  const sum = block.reduce((total: number, byte: number) => total + byte, 0);
  block.write((member.checksum ?? `${octal(sum, 6)}\0 `).slice(0, 8), 148, "latin1");
  return block;
}
