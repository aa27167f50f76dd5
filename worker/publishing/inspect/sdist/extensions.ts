import type { Cursor } from "../cursor.ts";
import { Faulty } from "../faulty.ts";
import { BLOCK, text, type Header } from "./header.ts";

/** What stands before a member's header because it has no room there. */
export interface Extended {
  path?: string;
  target?: string;
}

/** More than two paths need. Bytes. */
const MAX_LENGTH = 64 * 1024;

/** The fields that change what a member is. A size of its own belongs to members beyond those that are allowed here. */
const REFUSED = /^(?:size|hdrcharset|GNU\.sparse\..*)$/;

/**
 * Reads what extends the header that comes next, if `header` says that it does: POSIX's records, or GNU's long names.
 *
 * @returns whether it did; else nothing was taken
 */
export async function readExtensions(cursor: Cursor, { type, size }: Header, extended: Extended): Promise<boolean> {
  if (!["x", "g", "L", "K"].includes(type)) return false;
  if (size > MAX_LENGTH) throw refused("an extended header of more than 64 KiB");
  const content = await cursor.exactly(size);
  await cursor.exactly((BLOCK - (size % BLOCK)) % BLOCK);
  if (type === "L") set(extended, "path", text(content));
  else if (type === "K") set(extended, "target", text(content));
  else {
    for (const [key, value] of recordsOf(content)) {
      const field = key === "path" ? "path" : key === "linkpath" ? "target" : undefined;
      if (REFUSED.test(key) || (field && type === "g")) throw refused(`the extended header "${key.slice(0, 40)}"`);
      if (field) set(extended, field, value);
    }
  }
  return true;
}

/** Which of two counts, archivers do not agree upon. */
function set(extended: Extended, field: "path" | "target", value: string): void {
  if (extended[field] !== undefined || value === "" || value.includes("\0"))
    throw refused("two long names of one member");
  extended[field] = value;
}

/** `{length} {key}={value}\n`, the length with all of it (POSIX.1-2001, "pax Extended Header"). */
function* recordsOf(content: Uint8Array): Generator<[key: string, value: string]> {
  for (let at = 0; at < content.byteLength;) {
    const [head, length] = /^(\d{1,6}) /.exec(String.fromCharCode(...content.subarray(at, at + 8))) ?? [];
    const end = at + Number(length);
    if (head === undefined || end > content.byteLength || content[end - 1] !== 0x0a || end - at <= head.length) {
      throw refused("an extended header that is broken");
    }
    const record = content.subarray(at + head.length, end - 1);
    const equals = record.indexOf(0x3d);
    if (equals < 1) throw refused("an extended header that is broken");
    const key = text(record.subarray(0, equals));
    // Others' values may be of any kind.
    if (key === "path" || key === "linkpath") yield [key, text(record.subarray(equals + 1))];
    else yield [key, ""];
    at = end;
  }
}

const refused = (what: string) => new Faulty(`has ${what} in its tar archive`);
