import { Faulty } from "../faulty.ts";

/** What an archive consists of. Bytes. */
export const BLOCK = 512;

/** A member's header as it stands there (POSIX.1-1988, "ustar"). */
export interface Header {
  readonly path: string;
  readonly target: string;
  /** One character. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

const CHECKSUM = { from: 148, to: 156 };

/**
 * Numbers that nothing here depends on: mode, major and minor device number; and those that GNU writes in base 256 where
 * they are large: owner, group, time. Python ends the archive without a word at a header of which it cannot read one.
 */
const OCTAL_ONLY = [
  [100, 108],
  [329, 337],
  [337, 345],
] as const;
const OCTAL_OR_BINARY = [
  [108, 116],
  [116, 124],
  [136, 148],
] as const;
const POSIX = "ustar\u000000";

export const isEmpty = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/** Reads a header; throws `Faulty`. */
export function readHeader(block: Uint8Array): Header {
  // In sum as if its own field were blank.
  const sum = block.reduce((total, byte, at) => total + (at >= CHECKSUM.from && at < CHECKSUM.to ? 0x20 : byte), 0);
  if (octal(block.subarray(CHECKSUM.from, CHECKSUM.to)) !== sum) throw broken("the checksum of a header is wrong");
  checkNumbers(block);
  const isPosix = latin1(block.subarray(257, 265)) === POSIX;
  const prefix = text(block.subarray(345, 500));
  // There GNU has other things, which Python takes for a part of the path all the same.
  if (prefix !== "" && !isPosix) throw broken("a header has a prefix and is not of POSIX");
  const name = text(block.subarray(0, 100));
  // Together they would be called like a directory, which readers tell by the name.
  if (prefix !== "" && name === "") throw broken("a header has a prefix and no name");
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    target: text(block.subarray(157, 257)),
    type: latin1(block.subarray(156, 157)),
    size: octal(block.subarray(124, 136)),
  };
}

/** A text as far as its first NUL. */
export function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoded(end === -1 ? field : field.subarray(0, end));
}

/** All of it as a text; throws `Faulty` where it is not UTF-8. */
export function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken("a name is not UTF-8");
  }
}

function checkNumbers(block: Uint8Array): void {
  for (const [from, to] of OCTAL_ONLY) checkOctal(block.subarray(from, to));
  for (const [from, to] of OCTAL_OR_BINARY) {
    // Python takes these two first bytes for base 256, and no other.
    if (block[from] !== 0x80 && block[from] !== 0xff) checkOctal(block.subarray(from, to));
  }
}

/** Such a number, or none, which is 0 to all readers. Byte by byte: a tar archive may have a million headers. */
function checkOctal(field: Uint8Array): void {
  let at = 0;
  while (field[at] === 0x20) at += 1;
  for (let byte = field[at]; byte !== undefined && byte >= 0x30 && byte <= 0x37; byte = field[at]) at += 1;
  while (field[at] === 0x20 || field[at] === 0) at += 1;
  if (at < field.byteLength) throw unreadable();
}

/** Digits, and then blanks or NULs only. GNU's other way is for numbers beyond those that are allowed here. */
function octal(field: Uint8Array): number {
  const [, digits] = /^ *([0-7]+)[\0 ]*$/.exec(latin1(field)) ?? [];
  if (digits === undefined) throw unreadable();
  return Number.parseInt(digits, 8);
}

const unreadable = () => broken("a header has a number that cannot be read");

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

const broken = (what: string) => new Faulty(`is no tar archive that can be read: ${what}`);
