import { InvalidDistribution } from "../invalid-distribution.ts";

/** The size of a tar block. Bytes. */
export const BLOCK = 512;

/** A member's header (POSIX.1-1988, "ustar"). */
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
 * Numbers that are not used here but must be readable: mode, major and minor device number. The second list has those
 * that GNU writes in base 256 where they are large: owner, group, time. Python silently ends the archive at a header with
 * an unreadable number.
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

/** Throws `InvalidDistribution`. */
export function readHeader(block: Uint8Array): Header {
  // The checksum field itself counts as spaces.
  const sum = block.reduce((total, byte, at) => total + (at >= CHECKSUM.from && at < CHECKSUM.to ? 0x20 : byte), 0);
  if (octal(block.subarray(CHECKSUM.from, CHECKSUM.to)) !== sum) throw broken("the checksum of a header is wrong");
  checkNumbers(block);
  const isPosix = latin1(block.subarray(257, 265)) === POSIX;
  const prefix = textBeforeNul(block.subarray(345, 500));
  // GNU stores other data there, but Python takes it for a part of the path.
  if (prefix !== "" && !isPosix) throw broken("a header has a prefix and is not of POSIX");
  const name = textBeforeNul(block.subarray(0, 100));
  // Joined, they would end in a slash, by which readers recognise a directory.
  if (prefix !== "" && name === "") throw broken("a header has a prefix and no name");
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    target: textBeforeNul(block.subarray(157, 257)),
    type: latin1(block.subarray(156, 157)),
    size: octal(block.subarray(124, 136)),
  };
}

/** The text before the first NUL. */
export function textBeforeNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return utf8TextOf(end === -1 ? field : field.subarray(0, end));
}

/** Decodes UTF-8; throws `InvalidDistribution` where it is not. */
export function utf8TextOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken("a name is not UTF-8");
  }
}

function checkNumbers(block: Uint8Array): void {
  for (const [from, to] of OCTAL_ONLY) checkOctal(block.subarray(from, to));
  for (const [from, to] of OCTAL_OR_BINARY) {
    // These two first bytes mean base 256 to Python; no others do.
    if (block[from] !== 0x80 && block[from] !== 0xff) checkOctal(block.subarray(from, to));
  }
}

/**
 * Checks that a field is an octal number or empty, which every reader takes for 0. Works byte by byte because a tar
 * archive may have a million headers.
 */
function checkOctal(field: Uint8Array): void {
  let at = 0;
  while (field[at] === 0x20) at += 1;
  for (let byte = field[at]; byte !== undefined && byte >= 0x30 && byte <= 0x37; byte = field[at]) at += 1;
  while (field[at] === 0x20 || field[at] === 0) at += 1;
  if (at < field.byteLength) throw unreadable();
}

/**
 * An octal number, followed only by spaces or NULs. GNU's base 256 is only needed for larger numbers than are allowed
 * here.
 */
function octal(field: Uint8Array): number {
  const [, digits] = /^ *([0-7]+)[\0 ]*$/.exec(latin1(field)) ?? [];
  if (digits === undefined) throw unreadable();
  return Number.parseInt(digits, 8);
}

const unreadable = () => broken("a header has a number that cannot be read");

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

const broken = (what: string) => new InvalidDistribution(`is not a readable tar archive: ${what}`);
