import { createMiddleware } from "hono/factory";
import type { IndexConfig } from "../../schema/indexes.ts";
import { IndexError } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

type Shared = Pick<IndexConfig, "base" | "isPrivate">;

/**
 * What another origin's page may do with an answer, and which of its headers it may read beside those that any may (Fetch standard,
 * 3.3.3). `*` is for requests without cookies and passwords: a browser gives no page what it got with them.
 */
const READABLE = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "Accept-Ranges, Cache-Status, Content-Length, Content-Range, ETag, Retry-After, Warning, X-PyPI-Last-Serial",
};

/**
 * What such a page may ask. `*` stands for every header but Authorization, which no open index needs; browsers from before it was
 * invented take it for a name, so the headers that clients use are named as well.
 */
const ASKABLE = {
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": "*, If-Modified-Since, If-None-Match, If-Range, Range",
  "Access-Control-Max-Age": "86400",
  Allow: "GET, HEAD, OPTIONS",
};

/**
 * Lets pages of other origins (pyodide's micropip) read all that an index answers which anyone may read, its errors and redirects
 * too, and answers their preflights. An index that needs a token, uploads and the API have none of it.
 */
export const readableAnywhere = (indexes: readonly Shared[]) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (!isShared(c.req.path, indexes)) return next();
    if (c.req.method === "OPTIONS")
      c.res = new Response(null, { status: 204, headers: { ...LIFETIMES.live, ...ASKABLE } });
    else await next();
    for (const [name, value] of Object.entries(READABLE)) c.res.headers.set(name, value);
    return undefined;
  });

/** What is below an index's base and no part of what is read there. */
const NOT_READ = new Set(["legacy", "-", "_"]);

/** Whether a path lies in an index that anyone may read. Slashes count once, as in the routes that forgive doubled ones. */
function isShared(path: string, indexes: readonly Shared[]): boolean {
  const segments = path.split("/").filter((segment) => segment !== "");
  const named = indexes.find(({ base }) => base === `/${segments[0]}`);
  const index = named ?? indexes.find(({ base }) => base === "");
  const first = named ? segments[1] : segments[0];
  return index !== undefined && !index.isPrivate && !NOT_READ.has(first ?? "");
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses, before its body is read, a request that would change something and comes from a page of another origin: a browser sends
 * along the password that its user has once typed, whoever wrote the page. Clients that are no browsers send neither header.
 *
 * @param publicUrl the address people use, where it is not the request's own; else empty
 */
export const ownPagesOnly = (publicUrl: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const { req } = c;
    if (!SAFE.has(req.method)) {
      const site = req.header("Sec-Fetch-Site");
      const origin = req.header("Origin");
      // `same-site` is no better: a program on another port of the host, or a neighbour's subdomain, may have made the page.
      const isOwn =
        site === undefined ? isFrom(origin, [req.url, publicUrl]) : site === "same-origin" || site === "none";
      if (!isOwn) throw new IndexError("not-allowed", FOREIGN);
    }
    await next();
  });

/** Whether an `Origin` names the host of one of these addresses; where there is none, no page made the request. */
function isFrom(origin: string | undefined, addresses: readonly string[]): boolean {
  if (origin === undefined) return true;
  const host = hostOf(origin);
  return host !== undefined && addresses.some((address) => hostOf(address) === host);
}

/** undefined for what has no host: `null`, which is a page's that hides where it is from. */
const hostOf = (address: string) => (URL.canParse(address) ? new URL(address).host || undefined : undefined);

const FOREIGN =
  "A web page of another site has sent this request (its Sec-Fetch-Site or Origin header says so), and other sites' pages can change nothing here. Use a command-line client, or send it from a script.";
