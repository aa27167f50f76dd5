import type { Context as HonoContext, Next } from "hono";
import { createMiddleware } from "hono/factory";
import type { Authentication, Credentials } from "../auth/authenticate.ts";
import { isPermitted, type Permission, type Principal } from "../auth/principal.ts";
import { IndexError } from "../errors.ts";
import { claimantOf, sessionIn } from "./claimant.ts";
import type { AppEnv } from "./context.ts";

/** What pages need to let people sign in. */
export type SignIns = Pick<Authentication, "identify" | "signIn" | "signOut">;

/** Who looks at a page, and what they may do. */
export type SignedIn = Principal;

/** Whether they may do something. */
export const may = (who: SignedIn, permission: Permission): boolean => isPermitted(who, permission);

/**
 * Finds out who is signed in in the browser, for what every page says of that. A session that does not count, or cannot be looked up,
 * is no failure here: what needs a right checks it.
 */
export function recogniseSignedIn({ identify }: Pick<SignIns, "identify">) {
  async function lookUp(claimant: Credentials, c: HonoContext<AppEnv>, next: Next) {
    try {
      c.set("who", await identify(claimant, c.get("ctx")));
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
    await next();
  }

  return createMiddleware<AppEnv>((c, next) => {
    // Installers have none: theirs is no wait more.
    if (sessionIn(c) === undefined) return next();
    const claimant = claimantOf(c);
    if (claimant.session === undefined) return next();
    return lookUp(claimant, c, next);
  });
}
