import type { Part, RangeSpec } from "../repository/range.ts";

/**
 * The one range that a `Range` header asks for. Undefined, which means the whole file, for what is no byte range, for several
 * ranges and for an empty suffix: a server may ignore the header, and no client of an index needs more.
 */
export function parseRange(header: string | undefined): RangeSpec | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined) return undefined;
  if (first === "") return Number(last) > 0 ? { suffix: Number(last) } : undefined;
  const [start, end] = [Number(first), last === "" ? undefined : Number(last)];
  return end !== undefined && end < start ? undefined : { start, end };
}

/** `Content-Range` of a part, or of none, in a file of `size` bytes; `*` where nobody knows the size. */
export function contentRange(part: Part | "unsatisfiable", size: number | undefined): string {
  if (part === "unsatisfiable") return `bytes */${size ?? "*"}`;
  return `bytes ${part.offset}-${part.offset + part.length - 1}/${size ?? "*"}`;
}

/**
 * Whether `If-Range` names this very file, by its strong ETag or its date (RFC 9110, 13.1.5). Otherwise the client has a part
 * of another file, and gets the whole of this one.
 */
export function mayBePartial(ifRange: string, etag: string | undefined, lastModified: string): boolean {
  return ifRange === etag || ifRange === lastModified;
}
