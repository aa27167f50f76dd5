import { IndexError } from "../../errors.ts";

/** A lock file's text, and its name, with which its error messages begin. */
export interface LockText {
  readonly name: string;
  readonly text: string;
}

/** A place in a lock file, for messages. */
export interface Place {
  /** The lock file's name. */
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** An error of kind `unprocessable` that names the file and the line. `why` says in one or more sentences what is wrong and what to do. */
export const refusal = ({ name, line }: Place, why: string) =>
  new IndexError("unprocessable", `${name} line ${line}: ${why}`);

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/** A value of a lock file, for a message: shortened, and without characters that a terminal would interpret. */
export function shown(raw: unknown): string {
  if (typeof raw === "object" && raw !== null) return Array.isArray(raw) ? "a list" : "a table";
  return String(raw).slice(0, 200).replace(UNPRINTABLE, " ");
}

/** `shown` for a URL, or a text with one in it, without user and password. */
export const shownUrl = (raw: string): string => shown(raw.trim().replace(/\/\/[^/?# ]*@/g, "//"));

/**
 * The bytes as text, without a byte order mark. Throws `unprocessable` where they are gzip or not UTF-8, or contain a NUL, as UTF-16 without
 * a byte order mark does.
 */
export function decodeText(name: string, bytes: Uint8Array): LockText {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new IndexError(
      "unprocessable",
      `${name} is UTF-16 text, which PowerShell's ">" writes, and not UTF-8: save it as UTF-8, and try again.`,
    );
  }
  if (first === 0x1f && second === 0x8b) {
    throw new IndexError("unprocessable", `${name} is compressed with gzip: unpack it, and try again.`);
  }
  const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  // U+FFFD replaces invalid bytes, but the file may also contain it.
  if (text.includes("\uFFFD")) assertUtf8(name, bytes, text);
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    throw refusal(
      { name, line: lineAt(text, nul) },
      "there is a NUL in it, so this is not UTF-8 text; save it as UTF-8, and try again.",
    );
  }
  return { name, text: text.replace(/^\uFEFF/, "") };
}

/** The byte order mark that the bytes begin with, to be written again before the text; else empty. */
export const markOf = (bytes: Uint8Array): string =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? "\uFEFF" : "";

function assertUtf8(name: string, bytes: Uint8Array, text: string): void {
  const again = new TextEncoder().encode(text);
  const at = bytes.findIndex((byte, nth) => byte !== again[nth]);
  const bad = bytes[at];
  if (bad === undefined) return;
  const line = bytes.subarray(0, at).reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 1);
  throw new IndexError(
    "unprocessable",
    `${name} is not UTF-8 text: byte 0x${bad.toString(16).toUpperCase()} at line ${line} is invalid. Save it as UTF-8, and try again.`,
  );
}

/** The line of the character at `offset`, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/**
 * A function that finds the lines of pieces of `text` between `start` and `end`. It is called with the pieces in the text's order
 * and searches for each after the one before. A piece that is not found gets the last line that was found, and ends the search, as
 * do all after it: text in another form costs one scan, not one for each piece.
 */
export function lineFinder(text: string, line: number, start: number, end: number): (piece: string) => number {
  const part = text.slice(start, end);
  let at: number | undefined = 0;
  let current = line;
  return (piece) => {
    const found = at === undefined ? -1 : part.indexOf(piece, at);
    if (at !== undefined && found >= 0) current += lineAt(part.slice(at, found), found) - 1;
    at = found < 0 ? undefined : found;
    return current;
  };
}
