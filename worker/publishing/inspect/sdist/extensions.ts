import type { Cursor } from "../cursor.ts";
import { Faulty } from "../faulty.ts";
import { BLOCK, decoded, isEmpty, text, type Header } from "./header.ts";

/** What stands before a member's header because it has no room there. */
export interface Extended {
  path?: string;
  target?: string;
  /** Decimal digits, as written. */
  size?: string;
  /** Whether POSIX's records were among it. */
  hasRecords?: boolean;
}

type Field = "path" | "target" | "size";

/** More than two paths need. Bytes. */
const MAX_LENGTH = 64 * 1024;

/** The records that say what a member is, and what they say. */
const FIELDS: Readonly<Record<string, Field>> = { path: "path", linkpath: "target", size: "size" };

/** Sparse files, volumes and dumps, as GNU, Solaris and star have them: some readers take other bytes for the content. */
const REFUSED = /^(?:GNU\.(?:sparse|volume|dumpdir)|SUN\.holesdata|SCHILY\.(?:realsize|filetype|offset|volhdr))/;

/** What names are written in: POSIX's words for it, and the short ones. */
const CHARSETS = new Set(["ISO-IR 10646 2000 UTF-8", "UTF-8"]);

/**
 * Reads what extends the header that comes next, if `header` says that it does: POSIX's records, or GNU's long names.
 *
 * @returns whether it did; else nothing was taken
 */
export async function readExtensions(cursor: Cursor, { type, size }: Header, extended: Extended): Promise<boolean> {
  if (!["x", "g", "L", "K"].includes(type)) return false;
  if (size > MAX_LENGTH) throw refused("an extended header of more than 64 KiB");
  const content = await cursor.exactly(size);
  // Python reads to the end of the block: it finds further records there, where GNU tar finds none, or the rest of a long name.
  if (!isEmpty(await cursor.exactly((BLOCK - (size % BLOCK)) % BLOCK))) {
    throw refused("bytes behind the end of an extended header");
  }
  if (type === "L") set(extended, "path", longName(content));
  else if (type === "K") set(extended, "target", longName(content));
  else {
    for (const [key, value] of recordsOf(content)) {
      const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
      // For all members at once they make no sense, and readers differ in whether they count.
      if (REFUSED.test(key) || (field && type === "g")) throw refused(`the extended header "${key.slice(0, 40)}"`);
      if (key === "hdrcharset" && !CHARSETS.has(decoded(value))) throw refused("names that are not in UTF-8");
      if (field) set(extended, field, decoded(value));
    }
  }
  // Of two headers with records GNU tar forgets the first, and Python reads both.
  if (type === "x" && extended.hasRecords) throw refused("two extended headers of one member");
  extended.hasRecords ||= type === "x";
  return true;
}

/** A name that ends at its end, or at NULs that fill the rest. */
function longName(content: Uint8Array): string {
  const name = text(content);
  const end = content.indexOf(0);
  if (end !== -1 && !isEmpty(content.subarray(end))) throw refused("bytes behind the end of a long name");
  return name;
}

/** Of two, Python takes the first and GNU tar the last. */
function set(extended: Extended, field: Field, value: string): void {
  if (extended[field] !== undefined) {
    throw refused(field === "size" ? "two sizes of one member" : "two long names of one member");
  }
  if (value === "") throw refused("an empty value in an extended header");
  if (value.includes("\0")) throw refused("a NUL in an extended header");
  extended[field] = value;
}

/** `{length} {key}={value}\n`, the length with all of it (POSIX.1-2001, "pax Extended Header"). */
function* recordsOf(content: Uint8Array): Generator<[key: string, value: Uint8Array]> {
  for (let at = 0; at < content.byteLength;) {
    const [head, length] = /^(\d{1,6}) /.exec(String.fromCharCode(...content.subarray(at, at + 8))) ?? [];
    const end = at + Number(length);
    if (head === undefined || end > content.byteLength || content[end - 1] !== 0x0a || end - at <= head.length) {
      throw refused("an extended header that is broken");
    }
    const record = content.subarray(at + head.length, end - 1);
    const equals = record.indexOf(0x3d);
    if (equals < 1) throw refused("an extended header that is broken");
    const key = decoded(record.subarray(0, equals));
    // GNU tar passes over further blanks, so that " path" is "path" to it and not to Python; and a key ends at a NUL.
    if (/^[ \t]|\0/.test(key)) throw refused("an extended header that is broken");
    yield [key, record.subarray(equals + 1)];
    at = end;
  }
}

const refused = (what: string) => new Faulty(`has ${what} in its tar archive`);
