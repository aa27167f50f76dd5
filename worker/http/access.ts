import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import type { Admit } from "../auth/authenticate.ts";
import type { Author } from "../auth/deed.ts";
import { may, SOME_INDEX, type Wish } from "../auth/principal.ts";
import { IndexError } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { atOnce, privately } from "./headers.ts";

/** Lets a request do what is wished, and says whose it is; throws `not-authenticated` and `not-allowed`. */
export type Gate = (c: Pick<HonoContext<AppEnv>, "req" | "var">, wish: Wish) => Promise<Author>;

/**
 * The address that a request came from, by Cloudflare's own header, which a client cannot set there. Elsewhere it can, so what is
 * no address is none: empty.
 */
export const originOf = ({ req }: Pick<HonoContext<AppEnv>, "req">) =>
  /^[\da-f.:]{1,45}$/i.exec(req.header("CF-Connecting-IP") ?? "")?.[0] ?? "";

/** The gate that `admit` keeps. */
export const gateOf =
  (admit: Admit): Gate =>
  async (c, wish) => {
    const origin = originOf(c);
    const claimant = { authorization: c.req.header("Authorization"), origin };
    return { principal: await admit(claimant, wish, c.var.ctx), origin };
  };

/**
 * Lets those in who may read an index, before anything else is looked at: an answer to anybody else, or the time that it
 * takes, says nothing of what there is. No cache that others share keeps what they are given.
 */
export const readersOnly = (gate: Gate, index: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await gate(c, { scope: "read", index });
    await next();
    privately(c.res.headers);
  });

/**
 * Which indexes the maker of a request may read: the open ones, and those that the token it shows is for. A token that is not good,
 * or that cannot be looked up, opens none.
 */
export async function readableBy(
  c: HonoContext<AppEnv>,
  gate: Gate,
): Promise<(index: { readonly name: string; readonly isPrivate: boolean }) => boolean> {
  const shown = c.req.header("Authorization") !== undefined;
  const author = shown ? await gate(c, { scope: "read", index: SOME_INDEX }).catch(noAuthor) : undefined;
  return ({ name, isPrivate }) =>
    !isPrivate || (author !== undefined && may(author.principal, { scope: "read", index: name }));
}

function noAuthor(error: unknown): undefined {
  if (!(error instanceof IndexError)) throw error;
}

/** Has caches ask each time, so that what is uploaded to an index that anybody may read is seen at once. */
export const seenAtOnce = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  atOnce(c.res.headers);
});
