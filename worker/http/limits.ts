import { createMiddleware } from "hono/factory";
import { badRequest, methodNotAllowed } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { pathOf, queryOf } from "./path.ts";

/** Characters. The longest valid path is a file's, and the longest valid query contains a media type. */
const MAX_PATH = 2_048;
const MAX_QUERY = 1_024;
const MAX_ACCEPT = 2_048;

/** Refuses requests that no client sends, before anything is looked up. */
export const requestLimits = createMiddleware<AppEnv>((c, next) => {
  // The request's URL is built from it, and a slash or a quote in it would change the URL's meaning.
  if (!/^[\w.-]*(?:\[[\da-f:.]+\])?(?::\d{1,5})?$/i.test(c.req.header("Host") ?? "")) {
    throw badRequest("The Host header is not a host name.");
  }
  if (pathOf(c.req.url).length > MAX_PATH) throw badRequest(`The path is longer than ${MAX_PATH} characters.`);
  if (queryOf(c.req.url).length > MAX_QUERY) throw badRequest(`The query is longer than ${MAX_QUERY} characters.`);
  if ((c.req.header("Accept") ?? "").length > MAX_ACCEPT) {
    throw badRequest(`The Accept header is longer than ${MAX_ACCEPT} characters.`);
  }
  return next();
});

/** Refuses every other method. */
export const allowOnly = (...methods: readonly string[]) =>
  createMiddleware<AppEnv>((c, next) => {
    if (!methods.includes(c.req.method)) throw methodNotAllowed(c.req.method, methods);
    return next();
  });
