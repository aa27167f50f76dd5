import { createMiddleware } from "hono/factory";
import { IndexError } from "../../errors.ts";
import type { AppEnv } from "../context.ts";

/**
 * Lets through who shows the admin token as Bearer (RFC 6750).
 *
 * @param token undefined: nobody is let through, and told how that is changed
 */
export const adminOnly = (token: string | undefined) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (token === undefined) throw new IndexError("not-allowed", NO_TOKEN);
    const shown = /^Bearer +(\S+) *$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    if (shown === undefined) throw new IndexError("not-authenticated", UNSHOWN);
    if (!(await isSame(shown, token))) throw new IndexError("not-authenticated", "This is not the admin token.");
    await next();
  });

const NO_TOKEN =
  "No admin token is configured, so that nobody may do this. Set one with `npx wrangler secret put ADMIN_TOKEN`; `npm start` makes one by itself.";
const UNSHOWN =
  "This wants the admin token, as `Authorization: Bearer TOKEN`. `npm start` prints where its own is kept; a deployment's is the secret ADMIN_TOKEN.";

/** In a time that says nothing of where they differ. */
async function isSame(one: string, other: string): Promise<boolean> {
  const hash = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const [a, b] = await Promise.all([hash(one), hash(other)]);
  return crypto.subtle.timingSafeEqual(a, b);
}
