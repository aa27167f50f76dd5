import type { FileRef } from "./file-url.ts";

/** How many first bytes are read to recognise a file. */
export const MAGIC_LENGTH = 4_096;

/** A file format and how its first bytes are recognised. */
export interface Magic {
  /** The format's name, for a sentence: "it is …". */
  readonly what: string;
  /** @param first the file's first `MAGIC_LENGTH` bytes, or all of a shorter file */
  readonly begins: (first: Uint8Array) => boolean;
}

const starting = (what: string, ...bytes: number[]): Magic => ({
  what,
  begins: (first) => bytes.every((byte, at) => first[at] === byte),
});

/** RFC 1952: two magic bytes, and the only compression method that is defined. */
export const GZIP = starting("a gzip file", 0x1f, 0x8b, 0x08);

/** Every tar format: only the header's checksum is common to all of them. */
export const TAR: Magic = { what: "a tar archive", begins: isTarHeader };

const ZIP = starting("a ZIP archive", 0x50, 0x4b, 0x03, 0x04);
const BZIP2 = starting("a bzip2 file", 0x42, 0x5a, 0x68);
const XZ = starting("an xz file", 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);

/** `.dmg` is missing: the format has no magic bytes at its beginning. */
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

/** The format that the file or its `.metadata` must have by its name; undefined where the name does not tell. */
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
  // The decoder removes a byte order mark.
  const [headers = ""] = new TextDecoder().decode(first).split(/\r?\n\r?\n/, 1);
  return FIELD.test(headers) && METADATA_VERSION.test(headers);
}

/** A tar header has 512 bytes. At 148 is their sum in octal, in which the sum's own eight bytes count as spaces (POSIX.1, ustar). */
function isTarHeader(first: Uint8Array): boolean {
  if (first.length < 512) return false;
  const field = String.fromCharCode(...first.subarray(148, 156));
  const [, octal] = /^ *([0-7]{1,8})[ \0]*$/.exec(field) ?? [];
  const sum = first.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return octal !== undefined && Number.parseInt(octal, 8) === sum;
}
