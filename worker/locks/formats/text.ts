import { IndexError } from "../../errors.ts";

/** A lock file's text with the name it came under, which is what its errors begin with. */
export interface LockText {
  readonly name: string;
  readonly text: string;
}

/** Where in a lock file something stands. */
export interface Place {
  /** The lock file's name. */
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** An error of kind `unprocessable` that names the file and the line; `why` is a sentence, or more, with what to do. */
export const refusal = ({ name, line }: Place, why: string) =>
  new IndexError("unprocessable", `${name} line ${line}: ${why}`);

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/** What a lock file says, for a sentence: short, and without what a terminal would interpret. */
export function shown(raw: unknown): string {
  if (typeof raw === "object" && raw !== null) return Array.isArray(raw) ? "a list" : "a table";
  return String(raw).slice(0, 200).replace(UNPRINTABLE, " ");
}

/** The same of a URL, or of a text that has one in it, without user and password. */
export const shownUrl = (raw: string): string => shown(raw.trim().replace(/\/\/[^/?# ]*@/g, "//"));

/**
 * The bytes as text, without a byte order mark. Throws `unprocessable` for what is not UTF-8, and for text with a NUL in it,
 * which is how UTF-16 without a mark reads.
 */
export function decodeLock(name: string, bytes: Uint8Array): LockText {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new IndexError(
      "unprocessable",
      `${name} is UTF-16 text, which PowerShell's ">" writes, and not UTF-8: save it as UTF-8 and send it again.`,
    );
  }
  const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  // A replacement character may stand for what could not be read, or be the file's own.
  if (text.includes("\uFFFD")) assertUtf8(name, bytes, text);
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    throw refusal(
      { name, line: lineAt(text, nul) },
      "there is a NUL in it, so this is no UTF-8 text; save it as UTF-8 and send it again.",
    );
  }
  return { name, text: text.replace(/^\uFEFF/, "") };
}

function assertUtf8(name: string, bytes: Uint8Array, text: string): void {
  const again = new TextEncoder().encode(text);
  const at = bytes.findIndex((byte, nth) => byte !== again[nth]);
  const bad = bytes[at];
  if (bad === undefined) return;
  const line = bytes.subarray(0, at).reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 1);
  throw new IndexError(
    "unprocessable",
    `${name} is not UTF-8 text: byte 0x${bad.toString(16).toUpperCase()} at line ${line} is none of it. Save it as UTF-8 and send it again.`,
  );
}

/** The line that the character at `offset` is in, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/**
 * Tells the lines of pieces of `text` that come in the text's order: each is looked for behind the one before, from `start`
 * on and up to `end`. A piece that is not there has the line of the last one that was, and ends the search: a text that is
 * written otherwise costs one scan, not one for each piece.
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
