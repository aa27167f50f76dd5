import { DAY, MINUTE, WEEK, YEAR, inSeconds } from "../duration.ts";
import { cacheTag } from "../pypi/cache-tag.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Via } from "../repository/artifact.ts";

/** For how long Cloudflare's cache keeps files of indexes that host packages. Milliseconds. */
export const EDGE_LIFETIME = MINUTE;

/** How long caches may keep an answer. Every answer must say it: Cloudflare caches one that does not for two hours. */
interface Lifetime {
  readonly "Cache-Control": string;
  /**
   * For Cloudflare's cache only, which removes the header and uses it instead of `Cache-Control`. It must say `public`
   * itself, or answers to requests with a token would not be stored (RFC 9111, 3.5); clients send theirs to public
   * indexes too.
   */
  readonly "Cloudflare-CDN-Cache-Control"?: string;
}

const FILE = `public, max-age=${inSeconds(YEAR)}, immutable, no-transform`;

/** `s-maxage` and the revalidate directives are not used because they disable stale-while-revalidate at Cloudflare. */
export const LIFETIMES = {
  page: {
    "Cache-Control": `public, max-age=${inSeconds(MINUTE)}, no-transform`,
    "Cloudflare-CDN-Cache-Control": `public, max-age=${inSeconds(MINUTE)}, stale-while-revalidate=${inSeconds(MINUTE)}, stale-if-error=${inSeconds(WEEK)}`,
  },
  absent: shortLived("public, max-age=30"),
  file: { "Cache-Control": FILE },
  /** For indexes with a policy, which may refuse a file later and tells no cache: Cloudflare's has it for a minute. Clients store it for good. */
  judgedFile: { "Cache-Control": FILE, "Cloudflare-CDN-Cache-Control": `public, max-age=${inSeconds(MINUTE)}` },
  /** pip stores permanent redirects for good, so ours are temporary and short-lived. */
  redirect: shortLived(`public, max-age=${inSeconds(MINUTE)}`),
  /** For indexes that take uploads. */
  hosted: { "Cache-Control": "public, no-cache", "Cloudflare-CDN-Cache-Control": "no-store" },
  /** For answers that contain the host name of the request. */
  ownHost: { "Cache-Control": "private, no-cache" },
  error: { "Cache-Control": "no-store" },
  /** For answers that are true only now. */
  live: { "Cache-Control": "no-store" },
} as const satisfies Record<string, Lifetime>;

/**
 * For answers that may soon be wrong. Without `stale-if-error=0` Cloudflare would go on serving them while the worker
 * fails: a project that was published meanwhile would stay absent during the whole outage.
 */
function shortLived(lifetime: string): Lifetime {
  return { "Cache-Control": lifetime, "Cloudflare-CDN-Cache-Control": `${lifetime}, stale-if-error=0` };
}

/**
 * The lifetime of a page that changes by time alone.
 *
 * @param left milliseconds until then
 */
export const pageLifetime = (left: number): Lifetime =>
  left >= MINUTE
    ? LIFETIMES.page
    : shortLived(`public, max-age=${Math.max(0, Math.floor(inSeconds(left)))}, no-transform`);

/**
 * Makes an answer private to its client. Authorization is not a part of Cloudflare's cache key, so only `private` keeps
 * it from serving the answer to others.
 */
export function makePrivate(headers: Headers): void {
  const lifetime = headers.get("Cache-Control") ?? "";
  headers.delete("Cloudflare-CDN-Cache-Control");
  headers.delete("Cache-Tag");
  if (lifetime === LIFETIMES.error["Cache-Control"]) return;
  const isForGood = lifetime === FILE;
  headers.set("Cache-Control", isForGood ? `private, max-age=${inSeconds(YEAR)}, immutable` : "private, no-cache");
}

/**
 * Makes caches revalidate an answer each time, and Cloudflare's cache store none, so that uploads are visible at once.
 * Clients still store files for good. Cloudflare keeps them for a minute only, because they may be deleted or
 * quarantined, or may be an upstream's under a name that is now hosted. Errors stay as they are.
 */
export function requireRevalidation(headers: Headers): void {
  const lifetime = headers.get("Cache-Control") ?? "";
  if (!lifetime.startsWith("public")) return;
  if (lifetime === FILE) {
    headers.set("Cloudflare-CDN-Cache-Control", `public, max-age=${inSeconds(EDGE_LIFETIME)}`);
    return;
  }
  headers.set("Cache-Control", LIFETIMES.hosted["Cache-Control"]);
  headers.set("Cloudflare-CDN-Cache-Control", LIFETIMES.hosted["Cloudflare-CDN-Cache-Control"]);
}

/**
 * The policy for HTML that programs read, which loads nothing. Most text on it comes from the upstream and is escaped; if that ever
 * fails, no script runs and nothing is sent. `sandbox`: in an origin of its own, with links to files all the same.
 */
export const NOTHING_LOADED =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-downloads";

/** The tag by which all answers about a project can be purged at once. */
export const projectTag = (name: ProjectName) => ({ "Cache-Tag": cacheTag(name) });

const CACHE_STATUS: Record<Via, string> = {
  memory: "pypi-edge; hit; detail=memory",
  cache: "pypi-edge; hit; detail=cache",
  kv: "pypi-edge; hit; detail=kv",
  r2: "pypi-edge; hit; detail=r2",
  d1: "pypi-edge; hit; detail=d1",
  stale: "pypi-edge; hit; detail=stale-upstream-away",
  upstream: "pypi-edge; fwd=miss",
};

const VIA = new Map(Object.entries(CACHE_STATUS).map(([via, status]) => [status, via as Via]));

/** What pages, the root listing and documents have in common. */
interface Stored {
  readonly via: Via;
  /** Milliseconds since the epoch. */
  readonly uncheckedSince: number | undefined;
  readonly head: { readonly serial?: number | string | undefined };
}

/**
 * The headers that say where a page, listing or document comes from, and a serial, which mirrors compare: the upstream's, or in an index
 * that has times for serials, when it was last known to be current.
 */
export function storedHeaders(
  { via, uncheckedSince, head }: Stored,
  now: number,
  isDated = false,
): Record<string, string> {
  const serial = isDated ? (uncheckedSince ?? now) : head.serial;
  return {
    ...cacheStatus(via),
    ...staleWarning(uncheckedSince, now),
    ...(serial !== undefined && { "X-PyPI-Last-Serial": String(serial) }),
  };
}

/** Says where an answer came from (RFC 9211). */
export const cacheStatus = (via: Via) => ({ "Cache-Status": CACHE_STATUS[via] });

/** Reads back where an answer came from; undefined where its headers do not say. */
export const viaOf = (headers: Headers) => VIA.get(headers.get("Cache-Status") ?? "");

/**
 * Warns about an answer that has not been revalidated for more than a week; `since` and `now` in milliseconds since the
 * epoch. RFC 9111 removed `Warning`, because few caches sent it and few clients read it, but its code 110 is still the
 * only header that says "Response is Stale" (RFC 7234, 5.5.1).
 */
function staleWarning(since: number | undefined, now: number): { Warning?: string } {
  const age = now - (since ?? now);
  if (age <= WEEK) return {};
  return { Warning: `110 pypi-edge "Not checked with the upstream for ${Math.floor(age / DAY)} days."` };
}

/**
 * Makes an answer. For each header workerd needs half the time to set it that it needs to read it from a record given to
 * `new Response`; so does `for (… in …)` compared with `Object.entries`.
 */
export function answerOf(
  body: BodyInit | null,
  headers: Readonly<Record<string, string>>,
  init?: ResponseInit,
): Response {
  const answer = new Response(body, init);
  const own = answer.headers;
  for (const name in headers) own.set(name, headers[name] ?? "");
  return answer;
}

/** Dates that were formatted, by their milliseconds: to format one takes V8 some microseconds, and few are asked for often. */
const dates = new Map<number, string>();
const MAX_DATES = 1_000;

/** Formats milliseconds since the epoch as an HTTP date. */
export function httpDate(at: number): string {
  let date = dates.get(at);
  if (date !== undefined) return date;
  date = new Date(at).toUTCString();
  if (dates.size >= MAX_DATES) dates.clear();
  dates.set(at, date);
  return date;
}
