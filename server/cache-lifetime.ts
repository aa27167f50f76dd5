import { SECOND } from "../worker/duration.ts";

/** Statuses of responses that a cache may store (RFC 9110, 15.1); the worker stores no other. */
const STORABLE = new Set([200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 501]);

/** The directives of RFC 9111, 5.2.2, with which a shared cache stores nothing, or must ask before each use. */
const NOT_STORED = ["no-store", "no-cache", "private"];

/**
 * How long a shared cache may use a response (RFC 9111, 4.2.1), by what its headers say: s-maxage, else max-age, else
 * Expires. Milliseconds; 0 where it must not be stored, or says nothing.
 *
 * @param now milliseconds since the epoch
 */
export function cacheLifetime(status: number, headers: Headers, now: number): number {
  const directives = directivesIn(headers.get("Cache-Control") ?? "");
  if (!STORABLE.has(status) || headers.has("Set-Cookie") || NOT_STORED.some((name) => directives.has(name))) return 0;
  const seconds = directives.get("s-maxage") ?? directives.get("max-age");
  if (seconds !== undefined) return /^\d{1,10}$/.test(seconds) ? Number(seconds) * SECOND : 0;
  const expires = Date.parse(headers.get("Expires") ?? "");
  return Number.isNaN(expires) ? 0 : Math.max(0, expires - now);
}

const directivesIn = (cacheControl: string) =>
  new Map(
    cacheControl.split(",").map((directive) => {
      const [name = "", value = ""] = directive.trim().split("=", 2);
      return [name.toLowerCase(), value.replaceAll('"', "")] as const;
    }),
  );
