import type { Context } from "hono";
import { LIFETIMES } from "./headers.ts";
import { pathOf, queryOf } from "./path.ts";

/**
 * Redirects to the canonical `path` where the request's path differs: no final slash, a name that is not normalised,
 * repeated slashes (pipenv requests `/simple//name/`). Location is relative, so that it works behind a proxy that adds a
 * prefix. The status is 302, because pip stores a 301 for good.
 */
export function redirectToCanonical(c: Context, path: string): Response | undefined {
  return pathOf(c.req.url) === path ? undefined : redirectTo(c, path);
}

/** Redirects without comparing the paths first. */
export function redirectTo(c: Context, path: string, status = 302): Response {
  const depth = pathOf(c.req.url).split("/").length - 2;
  const location = `${"../".repeat(depth)}${path.slice(1)}${queryOf(c.req.url)}`;
  return new Response(null, { status, headers: { Location: location, ...LIFETIMES.redirect } });
}
