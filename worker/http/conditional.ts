import type { Context as HonoContext } from "hono";
import { SECOND, inSeconds } from "../duration.ts";

/**
 * Whether the client's copy is current, by the validators that it sent (RFC 9110, 13.1). `If-Modified-Since` is ignored
 * where there is an `If-None-Match`.
 *
 * @param changedAt milliseconds since the epoch
 */
export function isNotModified(c: HonoContext, etag: string | undefined, changedAt: number): boolean {
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch !== undefined) return etag !== undefined && etagMatches(ifNoneMatch, etag);
  const ifModifiedSince = c.req.header("If-Modified-Since");
  if (ifModifiedSince === undefined) return false;
  // HTTP dates have no fractions of a second.
  return Date.parse(ifModifiedSince) >= Math.floor(inSeconds(changedAt)) * SECOND;
}

/** Whether `If-None-Match` contains this ETag, by weak comparison (RFC 9110, 13.1.2). */
function etagMatches(ifNoneMatch: string, etag: string): boolean {
  const tags = new Set(ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, "")));
  return tags.has("*") || tags.has(etag);
}
