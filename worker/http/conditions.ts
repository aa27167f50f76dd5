import type { Context as HonoContext } from "hono";

/**
 * Whether the client has what it asks for, by the validators it sent (RFC 9110, 13.1): `If-None-Match` alone counts where
 * there is one.
 *
 * @param changedAt milliseconds since the epoch
 */
export function isKnown(c: HonoContext, etag: string | undefined, changedAt: number): boolean {
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch !== undefined) return etag !== undefined && etagMatches(ifNoneMatch, etag);
  // HTTP dates have seconds.
  return Date.parse(c.req.header("If-Modified-Since") ?? "") >= Math.floor(changedAt / 1_000) * 1_000;
}

/** Whether `If-None-Match` names this ETag; the comparison is weak (RFC 9110, 13.1.2). */
function etagMatches(ifNoneMatch: string, etag: string): boolean {
  const tags = new Set(ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, "")));
  return tags.has("*") || tags.has(etag);
}
