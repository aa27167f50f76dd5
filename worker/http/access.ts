import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import type { Authenticate } from "../auth/authenticate.ts";
import type { Author } from "../auth/audit-entry.ts";
import { isPermitted, requirePermission, SOME_INDEX, type Permission } from "../auth/principal.ts";
import { IndexError } from "../errors.ts";
import { claimantOf, sessionIn, showsCredential } from "./claimant.ts";
import type { AppEnv } from "./context.ts";
import { requireRevalidation, makePrivate } from "./headers.ts";

/** Authenticates a request and checks a permission; returns who sent it. Throws `not-authenticated` and `not-allowed`. */
export type Authorize = (c: Pick<HonoContext<AppEnv>, "req" | "get">, permission: Permission) => Promise<Author>;

export const createAuthorize =
  (admit: Authenticate): Authorize =>
  async (c, permission) => {
    const claimant = claimantOf(c);
    // A session was looked up for this very request.
    const who = claimant.session === undefined ? undefined : c.get("who");
    if (who) {
      requirePermission(who, permission);
      return { principal: who, origin: claimant.origin };
    }
    return { principal: await admit(claimant, permission, c.get("ctx")), origin: claimant.origin };
  };

/**
 * Lets only readers of an index pass, before anything else is looked up: neither the answer nor its timing tells others
 * what the index contains. Shared caches do not store the answers.
 */
export const readersOnly = (authorize: Authorize, index: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await authorize(c, { scope: "read", index });
    await next();
    makePrivate(c.res.headers);
  });

/**
 * Returns a function that says which indexes the sender may read: public ones, and those that its token covers. An
 * invalid token, or one that cannot be looked up, adds none.
 */
export async function readableBy(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
): Promise<(index: { readonly name: string; readonly isPrivate: boolean }) => boolean> {
  const author = showsCredential(c)
    ? await authorize(c, { scope: "read", index: SOME_INDEX }).catch(noAuthor)
    : undefined;
  return ({ name, isPrivate }) =>
    !isPrivate || (author !== undefined && isPermitted(author.principal, { scope: "read", index: name }));
}

function noAuthor(error: unknown): undefined {
  if (!(error instanceof IndexError)) throw error;
}

/** Keeps from shared caches what a browser is given that has a session, whatever it is. */
export const privateToSessions = createMiddleware<AppEnv>((c, next) => {
  // Installers have none: theirs is no wait more.
  if (sessionIn(c) === undefined) return next();
  return next().then(() => makePrivate(c.res.headers));
});

/** Makes caches revalidate each answer, so that an upload to a public index is visible at once. */
export const revalidatedByCaches = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  requireRevalidation(c.res.headers);
});

/** Lets only principals pass that may administer the whole installation. */
export const adminOnly = (authorize: Authorize) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await authorize(c, { scope: "admin", index: "*" });
    await next();
  });
