import type { Attempts } from "../attempts.ts";
import { tooMany } from "../authenticate.ts";
import type { Token, TokenStore } from "../ports.ts";
import { isSame } from "../same.ts";
import { hashOf, parseToken } from "../token.ts";
import type { Context } from "../../repository/context.ts";

/**
 * Ends a token that was given for an identity token before its time, for whoever holds it. What is no such token is passed over
 * without a word: who guesses learns nothing.
 *
 * @param text the token
 * @param origin the address that it came from; empty where it is not known
 * @throws IndexError `too-many-attempts`, and `storage-failed` where it cannot be looked up
 */
export type Burn = (text: string, origin: string, ctx: Context) => Promise<void>;

/** What tokens are ended with. */
export interface BurnParts {
  readonly tokens: Pick<TokenStore, "find" | "revoke">;
  readonly attempts: Attempts;
}

/** Clients that mind (uv) do so when they have published: what is in a job's memory or log is then worth nothing. */
export function burning({ tokens, attempts }: BurnParts): Burn {
  return async (text, origin, ctx) => {
    const parts = parseToken(text);
    const token = parts && (await tokens.find(parts.id, ctx));
    if (!token || !(await isSame(token.hash, await hashOf(parts.secret)))) {
      const limited = attempts.limitedFor(origin, ctx.now);
      attempts.guessed(origin, ctx.now);
      if (limited > 0) throw tooMany(limited);
      return;
    }
    if (!isMinted(token) || token.revokedAt !== undefined) return;
    const { id, name, index, scopes, projects } = token;
    const principal = { id, name, index, scopes, projects };
    await tokens.revoke(id, { principal, origin, action: "token.revoke", index, project: "", subject: id }, ctx);
  };
}

/** Tokens are made by other tokens, by the admin, or for an issuer's: that one has an address. */
const isMinted = ({ createdBy }: Token) => URL.canParse(createdBy);
