import type { Cursor } from "../cursor.ts";
import { InvalidDistribution } from "../invalid-distribution.ts";
import { BLOCK, utf8TextOf, isEmpty, textBeforeNul, type Header } from "./header.ts";

/** Fields that precede a member's header because they do not fit into it. */
export interface ExtendedHeaders {
  path?: string;
  target?: string;
  /** Decimal digits, as written. */
  size?: string;
  /** Whether POSIX records were among them. */
  hasRecords?: boolean;
}

type Field = "path" | "target" | "size";

/** More than two paths need. Bytes. */
const MAX_LENGTH = 64 * 1024;

/** The POSIX records that matter, and the field that each of them sets. */
const FIELDS: Readonly<Record<string, Field>> = { path: "path", linkpath: "target", size: "size" };

/** Sparse files, volumes and dumps of GNU, Solaris and star: readers disagree about the content of such members. */
const REFUSED = /^(?:GNU\.(?:sparse|volume|dumpdir)|SUN\.holesdata|SCHILY\.(?:realsize|filetype|offset|volhdr))/;

/** UTF-8 in POSIX's spelling, and the short one. */
const CHARSETS = new Set(["ISO-IR 10646 2000 UTF-8", "UTF-8"]);

/**
 * Reads an extended header, if `header` is one: POSIX records, or a GNU long name.
 *
 * @returns whether it was one; otherwise nothing was read
 */
export async function readExtendedHeaders(
  cursor: Cursor,
  { type, size }: Header,
  extended: ExtendedHeaders,
): Promise<boolean> {
  if (!["x", "g", "L", "K"].includes(type)) return false;
  if (size > MAX_LENGTH) throw refused("an extended header of more than 64 KiB");
  const content = await cursor.exactly(size);
  // Python reads the padding of the block too: it would find further records there, or the rest of a long name, where GNU
  // tar finds none.
  if (!isEmpty(await cursor.exactly((BLOCK - (size % BLOCK)) % BLOCK))) {
    throw refused("bytes after the end of an extended header");
  }
  if (type === "L") set(extended, "path", longName(content));
  else if (type === "K") set(extended, "target", longName(content));
  else {
    for (const [key, value] of recordsOf(content)) {
      const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
      // In a global header these fields make no sense, and readers disagree about whether they apply.
      if (REFUSED.test(key) || (field && type === "g")) throw refused(`the extended header "${key.slice(0, 40)}"`);
      if (key === "hdrcharset" && !CHARSETS.has(utf8TextOf(value))) throw refused("names that are not in UTF-8");
      if (field) set(extended, field, utf8TextOf(value));
    }
  }
  // Of two headers with records, GNU tar ignores the first, and Python reads both.
  if (type === "x" && extended.hasRecords) throw refused("two extended headers of one member");
  extended.hasRecords ||= type === "x";
  return true;
}

/** A name that fills the content or is followed only by NULs. */
function longName(content: Uint8Array): string {
  const name = textBeforeNul(content);
  const end = content.indexOf(0);
  if (end !== -1 && !isEmpty(content.subarray(end))) throw refused("bytes after the end of a long name");
  return name;
}

/** Refuses a second value: Python takes the first, GNU tar the last. */
function set(extended: ExtendedHeaders, field: Field, value: string): void {
  if (extended[field] !== undefined) {
    throw refused(field === "size" ? "two sizes of one member" : "two long names of one member");
  }
  if (value === "") throw refused("an empty value in an extended header");
  if (value.includes("\0")) throw refused("a NUL in an extended header");
  extended[field] = value;
}

/**
 * Records have the form `{length} {key}={value}
 * `, where the length counts the whole record (POSIX.1-2001, "pax Extended Header").
 */
function* recordsOf(content: Uint8Array): Generator<[key: string, value: Uint8Array]> {
  for (let at = 0; at < content.byteLength;) {
    const [head, length] = /^(\d{1,6}) /.exec(String.fromCharCode(...content.subarray(at, at + 8))) ?? [];
    const end = at + Number(length);
    if (head === undefined || end > content.byteLength || content[end - 1] !== 0x0a || end - at <= head.length) {
      throw refused("a broken extended header");
    }
    const record = content.subarray(at + head.length, end - 1);
    const equals = record.indexOf(0x3d);
    if (equals < 1) throw refused("a broken extended header");
    const key = utf8TextOf(record.subarray(0, equals));
    // GNU tar skips further spaces, so that " path" is "path" to it but not to Python. A NUL ends a key.
    if (/^[ \t]|\0/.test(key)) throw refused("a broken extended header");
    yield [key, record.subarray(equals + 1)];
    at = end;
  }
}

const refused = (what: string) => new InvalidDistribution(`has ${what} in its tar archive`);
