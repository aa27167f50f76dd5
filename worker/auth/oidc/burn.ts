import type { Attempts } from "../attempts.ts";
import { tooManyAttempts } from "../authenticate.ts";
import type { StoredToken, TokenStore } from "../ports.ts";
import { equalsInConstantTime } from "../constant-time.ts";
import { hashOfSecret, parseToken } from "../token.ts";
import type { Context } from "../../repository/context.ts";

/**
 * Revokes a token that was created for an identity token, before it expires. Any other text is ignored without an error,
 * so that an attacker learns nothing.
 *
 * @param text the token
 * @param origin the client's address; empty where it is not known
 * @throws IndexError `too-many-attempts`, and `storage-failed` where the token cannot be looked up
 */
export type BurnToken = (text: string, origin: string, ctx: Context) => Promise<void>;

/** What revoking needs. */
export interface BurnTokenOptions {
  readonly tokens: Pick<TokenStore, "find" | "revoke">;
  readonly attempts: Attempts;
}

/** Some clients (uv) revoke their token after publishing, so that a leaked job log or memory dump is worthless. */
export function createBurnToken({ tokens, attempts }: BurnTokenOptions): BurnToken {
  return async (text, origin, ctx) => {
    const parts = parseToken(text);
    const token = parts && (await tokens.find(parts.id, ctx));
    if (!token || !equalsInConstantTime(token.hash, hashOfSecret(parts.secret))) {
      const limited = attempts.limitedForSeconds(origin, ctx.now);
      attempts.countFailure(origin, ctx.now);
      if (limited > 0) throw tooManyAttempts(limited);
      return;
    }
    if (!isMinted(token) || token.revokedAt !== undefined) return;
    const { id, name, index, scopes, projects } = token;
    const principal = { id, name, index, scopes, projects };
    await tokens.revoke(id, { principal, origin, action: "token.revoke", index, project: "", subject: id }, ctx);
  };
}

/** The creator of such a token is an issuer, which is a URL; other tokens are created by a token or by the admin. */
const isMinted = ({ createdBy }: StoredToken) => URL.canParse(createdBy);
