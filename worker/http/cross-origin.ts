import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import type { IndexConfig } from "../../schema/indexes.ts";
import { IndexError } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

type Shared = Pick<IndexConfig, "base" | "isPrivate">;

/**
 * Lets pages of other origins read an answer, and which of its headers beyond those that every page may read (Fetch
 * standard, 3.3.3). `*` does not cover requests with cookies or passwords: browsers withhold the answers to those.
 */
const READABLE = Object.entries({
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "Accept-Ranges, Cache-Status, Content-Length, Content-Range, ETag, Retry-After, Warning, X-PyPI-Last-Serial, X-Request-Id",
});

/**
 * What pages of other origins may send. `*` stands for every header but Authorization, which public indexes do not need.
 * Old browsers take `*` for a name, so the headers that clients use are listed too.
 */
const ASKABLE = {
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": "*, If-Modified-Since, If-None-Match, If-Range, Range",
  "Access-Control-Max-Age": "86400",
  Allow: "GET, HEAD, OPTIONS",
};

/**
 * Lets pages of other origins (pyodide's micropip) read everything in public indexes, including errors and redirects, and
 * answers their preflight requests. Private indexes, uploads and the API are not shared.
 */
export function readableAnywhere(indexes: readonly Shared[]) {
  const isShared = sharedPaths(indexes);
  return createMiddleware<AppEnv>(async (c, next) => {
    if (!isShared(c.req.path)) return next();
    if (c.req.method === "OPTIONS")
      c.res = new Response(null, { status: 204, headers: { ...LIFETIMES.live, ...ASKABLE } });
    else await next();
    const { headers } = c.res;
    for (const [name, value] of READABLE) headers.set(name, value);
    return undefined;
  });
}

/** First segments below an index's base where nothing is read. */
const NOT_READ = new Set(["legacy", "-", "_"]);

/**
 * The first two segments of a path, behind that of views. Repeated slashes count as one, as in the routes that accept them.
 */
const SEGMENTS = /^(?:\/@(?=\/|$))?\/*([^/]*)\/*([^/]*)/;

/** Returns a function that says whether a path lies in a public index. */
function sharedPaths(indexes: readonly Shared[]): (path: string) => boolean {
  const byBase = new Map(indexes.map((index) => [index.base, index]));
  return (path) => {
    const [, first = "", second = ""] = SEGMENTS.exec(path) ?? [];
    const named = first === "" ? undefined : byBase.get(`/${first}`);
    const index = named ?? byBase.get("");
    return index !== undefined && !index.isPrivate && !NOT_READ.has(named ? second : first);
  };
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a request that would change something and comes from a page of another origin, before its body is read: a
 * browser adds the password that its user once typed, whichever page made the request. Other clients send neither of the
 * two headers.
 *
 * @param publicUrl the public address, where it is not the request's own; else empty
 */
export const ownPagesOnly = (publicUrl: string) =>
  createMiddleware<AppEnv>((c, next) => {
    const { req } = c;
    if (!SAFE.has(req.method)) {
      const site = req.header("Sec-Fetch-Site");
      const origin = req.header("Origin");
      // `same-site` is not enough: the page may come from another port of this host, or from a neighbour's subdomain.
      const isOwn =
        site === undefined ? isFrom(origin, [req.url, publicUrl]) : site === "same-origin" || site === "none";
      if (!isOwn) throw new IndexError("not-allowed", FOREIGN);
    }
    return next();
  });

/**
 * Throws where a request with a session is not known to come from a page of ours. Browsers say it: what says nothing is refused.
 * Behind a proxy the request's own host may be that of the proxy's connection, so that the public address counts alone where it is set.
 *
 * @param publicUrl the public address, where it is not the request's own; else empty
 */
export function requireOwnPage({ req }: Pick<HonoContext<AppEnv>, "req">, publicUrl: string): void {
  const site = req.header("Sec-Fetch-Site");
  const origin = req.header("Origin");
  const isOwn =
    site === undefined
      ? origin !== undefined && (publicUrl ? origin === new URL(publicUrl).origin : isFrom(origin, [req.url]))
      : site === "same-origin";
  if (!isOwn) throw new IndexError("not-allowed", FOREIGN_FORM);
}

/** Whether an `Origin` has the host of one of these addresses. Without the header, no page made the request. */
function isFrom(origin: string | undefined, addresses: readonly string[]): boolean {
  if (origin === undefined) return true;
  const host = hostOf(origin);
  return host !== undefined && addresses.some((address) => hostOf(address) === host);
}

/** undefined for an address without a host, such as `null`, which pages with a hidden origin send. */
const hostOf = (address: string) => (URL.canParse(address) ? new URL(address).host || undefined : undefined);

const FOREIGN =
  "A web page of another site has sent this request (its Sec-Fetch-Site or Origin header says so), and other sites' pages can change nothing here. Use a command-line client, or send it from a script.";

const FOREIGN_FORM =
  "Nothing was done: this form was not sent by a page of this server (the browser's Sec-Fetch-Site or Origin header does not say so). Open the page here and send it from there. If you did, PUBLIC_URL is not the address that your browser shows.";
