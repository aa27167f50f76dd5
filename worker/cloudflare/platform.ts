import type { BodyOf, Platform } from "../platform/platform.ts";
import type { RateLimiter } from "../platform/rate-limiter.ts";
import type { MakePipe } from "../platform/pipe.ts";
import { FILE_MEMORY, FINISH_ALONE, STALENESS } from "./settings.ts";

/**
 * Sends a request through the zone's cache, which makes one of requests at the same time. Seconds: long enough for the
 * queue's consumer, which reads the file again, and short, since bytes that a digest has refused stay as long. Negative:
 * not stored.
 */
const REUSED = { cacheEverything: true, cacheTtlByStatus: { "200": 30, "201-599": -1 } };

/** An address of IPv4 or IPv6. */
const ADDRESS = /^[\da-f.:]{1,45}$/i;

/** The id that Cloudflare gives a request: sixteen digits and the data centre. */
const CF_RAY = /^[\da-f]{16}(?:-[A-Z]{3})?$/;

/** The stores and queues that a deployment must have. */
type Bindings = Pick<Env, "FILES" | "PAGES" | "DB" | "FILLS" | "REFRESHES" | "MIRRORS" | "NOTICES">;

/** A wrangler.toml of an earlier version has no rate limiter: then nothing is limited. */
const NO_LIMIT: RateLimiter = { limit: () => Promise.resolve({ success: true }) };

/** Cloudflare as a platform. */
export const cloudflare = (
  env: Bindings & Partial<Pick<Env, "CF_VERSION_METADATA">> & { readonly NEW_FROM_NETWORK?: RateLimiter | undefined },
): Platform => ({
  objects: env.FILES,
  keyValue: env.PAGES,
  database: env.DB,
  fills: env.FILLS,
  refreshes: env.REFRESHES,
  mirrors: env.MIRRORS,
  notices: env.NOTICES,
  newFromNetwork: env.NEW_FROM_NETWORK ?? NO_LIMIT,
  cache: caches.default,
  // All workers of a zone share its cache, and each has a database of its own. Without the binding each isolate is by itself.
  deployment: env.CF_VERSION_METADATA?.id ?? crypto.randomUUID(),
  staleness: STALENESS,
  fileMemory: FILE_MEMORY,
  shareReads: true,
  pipe,
  bodyOf,
  // A request's streams end with it, and no other request may read them.
  openSpool: null,
  freeBytes: () => Promise.resolve(Infinity),
  // R2 compares its objects with their checksums itself, and each read costs.
  scrub: 0,
  trouble: () => Promise.resolve(undefined),
  fetch: (url, { reuse = false, ...init }) => fetch(url, reuse ? { ...init, cf: REUSED } : init),
  now: Date.now,
  sleep: (milliseconds) => scheduler.wait(milliseconds),
  clientAddress,
  acceptEncoding,
  requestId,
  finishAlone: FINISH_ALONE,
});

export const pipe: MakePipe = (size) =>
  size === undefined ? new IdentityTransformStream() : new FixedLengthStream(size);

export const bodyOf: BodyOf = (bytes) => bytes;

/**
 * From Cloudflare's own header, which clients cannot forge there. In front of any other server they can, so anything that
 * is not an address becomes empty.
 */
export const clientAddress = ({ headers }: Request): string =>
  ADDRESS.exec(headers.get("CF-Connecting-IP") ?? "")?.[0] ?? "";

/** Cloudflare rewrites the header; `cf` has what the client sent. */
export const acceptEncoding = ({ cf, headers }: Request): string =>
  (cf?.["clientAcceptEncoding"] as string | undefined) ?? headers.get("Accept-Encoding") ?? "";

export function requestId({ headers }: Request): string {
  const ray = headers.get("CF-Ray") ?? "";
  return CF_RAY.test(ray) ? ray : crypto.randomUUID();
}
