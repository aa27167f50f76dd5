import { IndexError } from "../errors.ts";
import type { Attempts } from "./attempts.ts";
import { credentialIn } from "./credentials.ts";
import { faultOfForm, UNKNOWN_TOKEN } from "./token-form.ts";
import { holderOf, KnownSenders, type KnownSender } from "./known-senders.ts";
import type { TokenLookup, TokenRights, TokenStore } from "./ports.ts";
import { ADMIN, requirePermission, type Principal, type Permission } from "./principal.ts";
import { equalsInConstantTime } from "./constant-time.ts";
import type { BrowserSessions, OpenedSession } from "./sessions.ts";
import { hashOfSecret, TOKEN_PREFIX, parseToken, type TokenParts } from "./token.ts";
import type { Context } from "../repository/context.ts";
import { withValue, type NowOrLater } from "../repository/now-or-later.ts";

/** What a request says about who sends it. */
export interface Credentials {
  /** Its `Authorization` header. */
  readonly authorization: string | undefined;
  /** The value of its session's cookie, which counts where there is no `Authorization`. */
  readonly session?: string | undefined;
  /** The address it came from; empty where it is not known. */
  readonly origin: string;
}

/**
 * Checks that the sender of a request has a permission.
 *
 * @returns the sender
 * @throws IndexError `not-authenticated` without a valid token, `not-allowed` where the token does not give the
 *   permission, `too-many-attempts`, and `storage-failed` where the token cannot be looked up
 */
export type Authenticate = (claimant: Credentials, permission: Permission, ctx: Context) => Promise<Principal>;

/** What authentication needs. */
export interface AuthParts {
  /** Each is the admin's. */
  readonly adminTokens: readonly string[];
  readonly tokens: TokenLookup & Pick<TokenStore, "used">;
  readonly attempts: Attempts;
  readonly sessions: BrowserSessions;
}

/** Who sends requests, and how browsers sign in. */
export interface Authentication {
  readonly authenticate: Authenticate;
  /** The sender, whatever its token allows. Throws as `authenticate`, but for `not-allowed`. */
  readonly identify: (claimant: Credentials, ctx: Context) => Promise<Principal>;
  /** Opens a session for who shows a token in a form. Throws as `identify`. */
  readonly signIn: (token: string, origin: string, ctx: Context) => Promise<OpenedSession>;
  /** Ends sessions: `end` of `BrowserSessions`. */
  readonly signOut: BrowserSessions["end"];
}

/** Compared with where no token has this id, so that the answer takes as long as for a wrong secret. */
const NO_HASH = "0".repeat(64);

/** Authenticates by the tokens in the database and by the admin tokens. */
export function authenticator(parts: AuthParts): Authentication {
  const { tokens, sessions } = parts;
  const check = identifier(parts);
  const known = new KnownSenders();

  /** The sender of a header that was right before, as long as nothing of its token has changed. */
  function asBefore({ principal, rights }: KnownSender, ctx: Context): NowOrLater<Principal | undefined> {
    if (!rights) return principal;
    return withValue(tokens.rights(rights.id, ctx), (now) => {
      if (now !== rights || hasExpired(rights, ctx)) return undefined;
      tokens.used(rights.id, ctx);
      return principal;
    });
  }

  async function ofSession(session: string, ctx: Context): Promise<Principal> {
    const { principal, rights } = await sessions.holder(session, ctx);
    if (rights) tokens.used(rights.id, ctx);
    return principal;
  }

  async function checked(claimant: Credentials, ctx: Context): Promise<Principal> {
    const sender = await check(claimant, ctx);
    known.set(claimant.authorization ?? "", sender, ctx.now);
    return sender.principal;
  }

  /** The sender: at once where it is in memory that its credential is right. */
  function identify(claimant: Credentials, ctx: Context): NowOrLater<Principal> {
    const { authorization, session } = claimant;
    if (authorization === undefined && session !== undefined) return ofSession(session, ctx);
    const before = known.get(authorization ?? "", ctx.now);
    if (!before) return checked(claimant, ctx);
    return withValue(asBefore(before, ctx), (principal) => principal ?? checked(claimant, ctx));
  }

  return {
    identify: async (claimant, ctx) => identify(claimant, ctx),

    async authenticate(claimant, permission, ctx) {
      const found = identify(claimant, ctx);
      const principal = found instanceof Promise ? await found : found;
      requirePermission(principal, permission);
      return principal;
    },

    async signIn(token, origin, ctx) {
      const sender = await check({ authorization: `Bearer ${token}`, origin }, ctx);
      return sessions.open(sender, token, ctx);
    },

    signOut: sessions.end,
  };
}

/** Returns a function that checks a credential, whatever was known of it. */
function identifier({ adminTokens, tokens, attempts }: AuthParts) {
  return async ({ authorization, origin }: Credentials, ctx: Context): Promise<KnownSender> => {
    const { now } = ctx;
    const { credential: shown, isUserName: isUser, userName } = credentialIn(authorization);
    if (shown === undefined) throw new IndexError("not-authenticated", NO_TOKEN_SHOWN);

    const tell = (reason: string, parts: TokenParts | undefined) => {
      if (!attempts.mayLog(origin, now)) return;
      const what = `${origin || "an unknown address"}${parts ? `, token ${parts.id}` : ""}`;
      ctx.report({ event: "auth-failed", what, reason });
    };

    const refuse = (sentence: string, reason: string, parts?: TokenParts) => {
      const guesser = countedAs(origin, parts);
      const before = attempts.limitedForSeconds(guesser, now);
      attempts.countFailure(guesser, now);
      const limited = attempts.limitedForSeconds(guesser, now);
      tell(limited > 0 ? `${reason}; for ${limited} s further ones are answered with 429` : reason, parts);
      return before > 0 ? tooManyAttempts(before) : new IndexError("not-authenticated", sentence);
    };

    const parts = parseToken(shown);
    // Compared with each, so that the time does not tell which of them a guess resembles.
    if (adminTokens.filter((token) => equalsInConstantTime(shown, token)).length > 0)
      return { principal: ADMIN, rights: undefined };

    // uv, and pip with a keyring, first send the user name of the URL without a password, and the password after a 401.
    // That is not a failed attempt.
    if (isUser && !shown.startsWith(TOKEN_PREFIX)) throw new IndexError("not-authenticated", NO_TOKEN_SHOWN);
    if (!parts) throw refuse(faultOfForm(shown, userName), "it is not a token");
    // Looked up even after many failed attempts: attempts of others must not lock out the holder of a token.
    const found = await tokens.rights(parts.id, ctx);
    const isHolder = equalsInConstantTime(hashOfSecret(parts.secret), found?.hash ?? NO_HASH);
    if (!found || !isHolder || found.isRevoked) {
      const reason = found ? (isHolder ? "it was revoked" : "its secret is wrong") : "it is not known";
      throw refuse(UNKNOWN_TOKEN, reason, parts);
    }
    // An expired token is refused, but not counted as a failed attempt.
    if (hasExpired(found, ctx)) {
      tell("it has expired", parts);
      throw new IndexError("not-authenticated", expired(found.name, found.expiresAt));
    }
    tokens.used(found.id, ctx);
    return holderOf(found);
  };
}

const hasExpired = (token: TokenRights, { now }: Context): token is TokenRights & { readonly expiresAt: number } =>
  token.expiresAt !== undefined && token.expiresAt <= now;

/**
 * Whose failed attempts are counted together. Without a client address, attempts are counted by token id, so that one job
 * with an expired token does not limit everyone.
 */
const countedAs = (origin: string, parts: TokenParts | undefined) => origin || (parts?.id ?? "");

const NO_TOKEN_SHOWN =
  "A token is needed here: as the password, with any user name (https://__token__:TOKEN@…), or as Authorization: Bearer TOKEN.";

const expired = (name: string, at: number) =>
  `The token ${JSON.stringify(name)} expired at ${new Date(at).toISOString()}; ask the administrator of this index for another.`;

/** The answer to a failed attempt after too many others from the same network. */
export const tooManyAttempts = (seconds: number) =>
  new IndexError(
    "too-many-attempts",
    `Too many invalid tokens came from this address, and this one is invalid too. Wait for ${seconds} seconds, or use a valid token.`,
    { retryAfterSeconds: seconds },
  );
