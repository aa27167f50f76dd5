import { cacheTag } from "../pypi/cache-tag.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Via } from "../repository/artifact.ts";

const MINUTE = 60;
const DAY = 24 * 3_600;
const WEEK = 7 * DAY;
const YEAR = 365 * 24 * 3_600;

/** Who keeps an answer for how long. Every answer states it: one that does not is cached at the edge for two hours. */
interface Lifetime {
  readonly "Cache-Control": string;
  /**
   * For Cloudflare's cache alone, which takes it out. It stands in for `Cache-Control` there, so it says `public` itself: a shared
   * cache keeps nothing that was asked for with a token otherwise (RFC 9111, 3.5), and clients send theirs to public indexes too.
   */
  readonly "Cloudflare-CDN-Cache-Control"?: string;
}

/** `s-maxage` and the revalidate directives are not used: they switch stale-while-revalidate off at the edge. */
export const LIFETIMES = {
  page: {
    "Cache-Control": `public, max-age=${MINUTE}, no-transform`,
    "Cloudflare-CDN-Cache-Control": `public, max-age=${MINUTE}, stale-while-revalidate=${MINUTE}, stale-if-error=${WEEK}`,
  },
  absent: forNow("public, max-age=30"),
  file: { "Cache-Control": `public, max-age=${YEAR}, immutable, no-transform` },
  /** pip keeps permanent redirects for good, so ours are temporary and short. */
  redirect: forNow(`public, max-age=${MINUTE}`),
  /** Of an index that takes uploads. */
  hosted: { "Cache-Control": "public, no-cache", "Cloudflare-CDN-Cache-Control": "no-store" },
  /** Shows the host name it was asked under. */
  ownHost: { "Cache-Control": "private, no-cache" },
  error: { "Cache-Control": "no-store" },
  /** True at this moment only. */
  live: { "Cache-Control": "no-store" },
} as const satisfies Record<string, Lifetime>;

/**
 * The lifetime of an answer that is true now and may not be in a moment. Without `stale-if-error=0` the edge would go on with it
 * after its time while the worker fails: a project published meanwhile would stay absent for as long as the outage.
 */
function forNow(lifetime: string): Lifetime {
  return { "Cache-Control": lifetime, "Cloudflare-CDN-Cache-Control": `${lifetime}, stale-if-error=0` };
}

/**
 * Makes an answer one for whoever asked alone. Authorization is no part of a cache's key: nothing but `private` keeps the
 * edge from giving it to others.
 */
export function privately(headers: Headers): void {
  const lifetime = headers.get("Cache-Control") ?? "";
  headers.delete("Cloudflare-CDN-Cache-Control");
  headers.delete("Cache-Tag");
  if (lifetime === LIFETIMES.error["Cache-Control"]) return;
  const isForGood = lifetime === LIFETIMES.file["Cache-Control"];
  headers.set("Cache-Control", isForGood ? `private, max-age=${YEAR}, immutable` : "private, no-cache");
}

/**
 * Has every cache ask before it gives an answer again, and Cloudflare's keep none: what is uploaded is seen at once. Files stay
 * for good where clients keep them, and a minute at the edge: they may be deleted, quarantined, or an upstream's under a name
 * that is hosted since. Errors stay what they are.
 */
export function atOnce(headers: Headers): void {
  const lifetime = headers.get("Cache-Control") ?? "";
  if (!lifetime.startsWith("public")) return;
  if (lifetime === LIFETIMES.file["Cache-Control"]) {
    headers.set("Cloudflare-CDN-Cache-Control", `public, max-age=${MINUTE}`);
    return;
  }
  headers.set("Cache-Control", LIFETIMES.hosted["Cache-Control"]);
  headers.set("Cloudflare-CDN-Cache-Control", LIFETIMES.hosted["Cloudflare-CDN-Cache-Control"]);
}

/**
 * What a page of HTML may load and do: nothing. The text on it is mostly upstream's, and is escaped; where that fails once, no
 * script runs and nothing is sent anywhere.
 */
export const NOTHING_LOADED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The tag under which all answers of a project can be purged from the edge at once. */
export const projectTag = (name: ProjectName) => ({ "Cache-Tag": cacheTag(name) });

const CACHE_STATUS: Record<Via, string> = {
  memory: "pypi-edge; hit; detail=memory",
  kv: "pypi-edge; hit; detail=kv",
  r2: "pypi-edge; hit; detail=r2",
  d1: "pypi-edge; hit; detail=d1",
  stale: "pypi-edge; hit; detail=stale-upstream-away",
  upstream: "pypi-edge; fwd=miss",
};

const VIA = new Map(Object.entries(CACHE_STATUS).map(([via, status]) => [status, via as Via]));

/** What is stored, whatever its kind. */
interface Stored {
  readonly via: Via;
  /** Milliseconds since the epoch. */
  readonly uncheckedSince: number | undefined;
  readonly head: { readonly serial?: number | string | undefined };
}

/** What an answer says of where its page, listing or document comes from, with the upstream's serial, which mirrors compare. */
export function storedHeaders({ via, uncheckedSince, head: { serial } }: Stored, now: number): Record<string, string> {
  return {
    ...cacheStatus(via),
    ...staleWarning(uncheckedSince, now),
    ...(serial !== undefined && { "X-PyPI-Last-Serial": String(serial) }),
  };
}

/** RFC 9211, for who looks at an answer and wonders where it came from. */
export const cacheStatus = (via: Via) => ({ "Cache-Status": CACHE_STATUS[via] });

/** Where an answer with these headers came from; undefined for one that says nothing of it. */
export const viaOf = (headers: Headers) => VIA.get(headers.get("Cache-Status") ?? "");

/**
 * A warning on what could not be checked with the upstream for more than a week; `since` and `now` in milliseconds since the
 * epoch. RFC 9111 retired `Warning`, since few caches sent it and fewer clients read it. It is still the one header whose
 * code 110 says just this, "Response is Stale" (RFC 7234, 5.5.1), to a person and to the tools that know it.
 */
function staleWarning(since: number | undefined, now: number): { Warning?: string } {
  const seconds = (now - (since ?? now)) / 1_000;
  if (seconds <= WEEK) return {};
  return { Warning: `110 pypi-edge "Not checked with the upstream for ${Math.floor(seconds / DAY)} days."` };
}

/** A date as HTTP writes it, from milliseconds since the epoch. */
export const httpDate = (at: number) => new Date(at).toUTCString();
