import type { FileRef } from "./file-url.ts";

/** So many first bytes show what a file is, where it has as many. */
export const SHOWN = 4_096;

/** What the first bytes of a file must be, by its name. */
export interface Magic {
  /** In a sentence, behind "it is". */
  readonly what: string;
  /** @param first the file's first bytes: `SHOWN` of them, or all it has */
  readonly begins: (first: Uint8Array) => boolean;
}

const starting = (what: string, ...bytes: number[]): Magic => ({
  what,
  begins: (first) => bytes.every((byte, at) => first[at] === byte),
});

/** RFC 1952: its two bytes, and the one method there is. */
export const GZIP = starting("a gzip file", 0x1f, 0x8b, 0x08);

/** Any tar header, of every age: only its checksum is common to all of them. */
export const TAR: Magic = { what: "a tar archive", begins: isTarHeader };

const ZIP = starting("a ZIP archive", 0x50, 0x4b, 0x03, 0x04);
const BZIP2 = starting("a bzip2 file", 0x42, 0x5a, 0x68);
const XZ = starting("an xz file", 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);

/** `.dmg` is not among them: nothing marks its beginning. */
const BY_ENDING: readonly (readonly [RegExp, Magic])[] = [
  [/\.(?:whl|zip|egg)$/i, ZIP],
  [/\.(?:tar\.gz|tgz)$/i, GZIP],
  [/\.(?:tar\.bz2|tbz)$/i, BZIP2],
  [/\.tar\.xz$/i, XZ],
  [/\.tar\.z$/i, starting("a compressed tar archive", 0x1f, 0x9d)],
  [/\.tar$/i, TAR],
  [/\.exe$/i, starting("a Windows program", 0x4d, 0x5a)],
  [/\.msi$/i, starting("a Windows installer", 0xd0, 0xcf, 0x11, 0xe0)],
  [/\.rpm$/i, starting("an RPM package", 0xed, 0xab, 0xee, 0xdb)],
  [/\.deb$/i, starting("a Debian package", 0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e)],
];

const METADATA: Magic = { what: "core metadata", begins: isMetadata };

/** What the file, or its `.metadata`, must begin with; undefined where its name says nothing of that. */
export function magicOf({ filename, part }: Pick<FileRef, "filename" | "part">): Magic | undefined {
  if (part === "metadata") return METADATA;
  return BY_ENDING.find(([ending]) => ending.test(filename))?.[1];
}

/** A field of a header and its colon (RFC 5322, 2.2), as Python's `email` reads it. */
const FIELD = /^[!-9;-~]+:/;
const METADATA_VERSION = /^Metadata-Version:/im;

/**
 * Core metadata begins with headers, and one of the first is `Metadata-Version`. It need not be the very first: the
 * specification gives fields no order, and readers look for their names.
 */
function isMetadata(first: Uint8Array): boolean {
  // The decoder leaves a byte order mark out.
  const [headers = ""] = new TextDecoder().decode(first).split(/\r?\n\r?\n/, 1);
  return FIELD.test(headers) && METADATA_VERSION.test(headers);
}

/** A header is 512 bytes whose sum, with its own eight bytes as spaces, stands in octal at 148 (POSIX.1, ustar). */
function isTarHeader(first: Uint8Array): boolean {
  if (first.length < 512) return false;
  const field = String.fromCharCode(...first.subarray(148, 156));
  const [, octal] = /^ *([0-7]{1,8})[ \0]*$/.exec(field) ?? [];
  const sum = first.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return octal !== undefined && Number.parseInt(octal, 8) === sum;
}
