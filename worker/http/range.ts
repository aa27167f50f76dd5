import type { Part, RangeSpec } from "../repository/range.ts";

/**
 * Reads a `Range` header with one byte range. Undefined, so that the whole file is sent, for other units, several ranges
 * and an empty suffix: a server may ignore the header, and no installer needs more.
 */
export function parseRange(header: string | undefined): RangeSpec | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined) return undefined;
  if (first === "") return Number(last) > 0 ? { suffix: Number(last) } : undefined;
  const [start, end] = [Number(first), last === "" ? undefined : Number(last)];
  return end !== undefined && end < start ? undefined : { start, end };
}

/** The `Content-Range` of a part, or of a 416 answer, in a file of `size` bytes; `*` where the size is not known. */
export function contentRange(part: Part | "unsatisfiable", size: number | undefined): string {
  if (part === "unsatisfiable") return `bytes */${size ?? "*"}`;
  return `bytes ${part.offset}-${part.offset + part.length - 1}/${size ?? "*"}`;
}

/**
 * Whether `If-Range` names this version of the file, by its strong ETag or its date (RFC 9110, 13.1.5). Otherwise the
 * client's part belongs to another version, and it needs the whole file.
 */
export function mayBePartial(ifRange: string, etag: string | undefined, lastModified: string): boolean {
  return ifRange === etag || ifRange === lastModified;
}
