import type { Context } from "hono";
import { LIFETIMES } from "./headers.ts";
import { pathOf, queryOf } from "./path.ts";

/**
 * A redirect to `path` where the request was spelled otherwise: no final slash, a name that is not normalised, doubled
 * slashes (pipenv asks for `/simple//name/`). The Location is relative and so holds behind a proxy that adds a prefix; 302,
 * since pip keeps a 301 for good.
 */
export function canonical(c: Context, path: string): Response | undefined {
  return pathOf(c.req.url) === path ? undefined : redirected(c, path);
}

/** The redirect itself, for an address that is never spelled so. */
export function redirected(c: Context, path: string): Response {
  const depth = pathOf(c.req.url).split("/").length - 2;
  const location = `${"../".repeat(depth)}${path.slice(1)}${queryOf(c.req.url)}`;
  return new Response(null, { status: 302, headers: { Location: location, ...LIFETIMES.redirect } });
}
