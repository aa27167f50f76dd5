import type { Context as HonoContext } from "hono";
import type { StoredToken, TokenStore } from "../auth/ports.ts";
import { IndexError } from "../errors.ts";
import type { Authorize } from "./access.ts";
import { showsCredential } from "./claimant.ts";
import type { AppEnv } from "./context.ts";

/** What a token may do with an index. */
export type TokenReach = Pick<StoredToken, "id" | "name" | "index" | "scopes" | "projects" | "expiresAt" | "usedAt">;

/**
 * The tokens that reach an index and are still accepted, newest first: for its admins. None for others, and where they cannot be read:
 * the page is useful without.
 */
export async function tokenReach(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
  index: string,
  tokens: Pick<TokenStore, "list">,
): Promise<readonly TokenReach[]> {
  if (!showsCredential(c)) return [];
  const ctx = c.get("ctx");
  try {
    await authorize(c, { scope: "admin", index });
    const all = await Promise.all([tokens.list(index, ctx), tokens.list("*", ctx)]);
    return all.flat().filter(({ revokedAt, expiresAt = Infinity }) => revokedAt === undefined && expiresAt > ctx.now);
  } catch (error) {
    if (error instanceof IndexError) return [];
    throw error;
  }
}
