import { IndexError } from "../errors.ts";
import type { Context } from "../repository/repository.ts";
import type { Attempts } from "./attempts.ts";
import { shownIn } from "./credentials.ts";
import type { Token, TokenStore } from "./ports.ts";
import { ADMIN, demand, type Principal, type Wish } from "./principal.ts";
import { isSame } from "./same.ts";
import { hashOf, PREFIX, parseToken, type TokenParts } from "./token.ts";

/** A request, as far as it says who makes it. */
export interface Claimant {
  /** Its `Authorization` header. */
  readonly authorization: string | undefined;
  /** The address it came from; empty where it is not known. */
  readonly origin: string;
}

/**
 * Lets through who may do what is wished, and says who that is.
 *
 * @throws IndexError `not-authenticated` where no good token is shown, `not-allowed` where it is not for this,
 *   `too-many-attempts`, and `storage-failed` where it cannot be looked up
 */
export type Admit = (claimant: Claimant, wish: Wish, ctx: Context) => Promise<Principal>;

/** A token that was good at `verifiedAt`, in milliseconds since the epoch. */
export interface Verified {
  readonly token: Token;
  readonly verifiedAt: number;
}

/** What is needed to tell who somebody is. */
export interface AuthParts {
  /** undefined: there is no such token. */
  readonly adminToken: string | undefined;
  readonly tokens: Pick<TokenStore, "find" | "used">;
  /** The isolate's memory of good tokens. Its keys hold a secret's hash: who shows another secret finds nothing. */
  readonly memory: {
    get(key: string, now: number): Verified | undefined;
    set(key: string, value: Verified, bytes: number, until: number): void;
    delete(key: string): void;
  };
  readonly attempts: Attempts;
}

/** For how long a good token is not looked up again: the delay of a revocation. Milliseconds. */
const BELIEVED = 30_000;

/**
 * For how long a good token is remembered, to be looked up however many others from its address were none: a whole office
 * may have one address. Milliseconds.
 */
const REMEMBERED = 3_600_000;

/** What an entry costs beside its texts. Bytes. */
const ENTRY = 300;

/** What no secret has for its hash, to be compared with where there is no token: both ways take as long. */
const NOBODY = "0".repeat(64);

/** Knows the holders of tokens, and of the admin token. */
export function admitting({ adminToken, tokens, memory, attempts }: AuthParts): Admit {
  return async ({ authorization, origin }, wish, ctx) => {
    const { now } = ctx;
    const { shown, isUser } = shownIn(authorization);
    if (shown === undefined) throw new IndexError("not-authenticated", UNSHOWN);

    const tell = (reason: string, parts: TokenParts | undefined) => {
      if (!attempts.mayTell(origin, now)) return;
      const what = `${origin || "an unknown address"}${parts ? `, token ${parts.id}` : ""}`;
      ctx.report({ event: "auth-failed", what, reason });
    };

    const refuse = (sentence: string, reason: string, parts?: TokenParts) => {
      attempts.guessed(guesserOf(origin, parts), now);
      const locked = attempts.lockedFor(guesserOf(origin, parts), now);
      tell(locked > 0 ? `${reason}; nothing new is looked at from there for ${locked} s` : reason, parts);
      return new IndexError("not-authenticated", sentence);
    };

    const identify = async (): Promise<Principal> => {
      const parts = parseToken(shown);
      const hash = parts ? await hashOf(parts.secret) : NOBODY;
      const key = `${parts?.id} ${hash}`;
      const known = parts && memory.get(key, now);
      if (known && now - known.verifiedAt < BELIEVED) return living(known.token, parts);
      if (adminToken !== undefined && (await isSame(shown, adminToken))) return ADMIN;

      // uv and pip with a keyring send the user name of the address alone, and the password when they were refused: no guess.
      if (isUser && !shown.startsWith(PREFIX)) throw new IndexError("not-authenticated", UNSHOWN);
      const locked = known ? 0 : attempts.lockedFor(guesserOf(origin, parts), now);
      if (locked > 0) throw tooMany(locked);
      if (!parts) throw refuse(shown.startsWith(PREFIX) ? CUT : UNKNOWN, "it is no token");
      const found = await tokens.find(parts.id, ctx);
      const isHolder = await isSame(hash, found?.hash ?? NOBODY);
      if (!found || !isHolder || found.revokedAt !== undefined) {
        memory.delete(key);
        const reason = found ? (isHolder ? "it was revoked" : "its secret is wrong") : "it is not known";
        throw refuse(UNKNOWN, reason, parts);
      }
      const { hash: _, ...token } = found;
      const bytes = ENTRY + JSON.stringify(token).length;
      memory.set(key, { token, verifiedAt: now }, bytes, now + REMEMBERED);
      return living(token, parts);
    };

    /** Who holds it has shown that it is theirs, so it is no guess where it has expired. */
    const living = (token: Token, parts: TokenParts): Principal => {
      const { id, name, index, scopes, projects, expiresAt } = token;
      if (expiresAt !== undefined && expiresAt <= now) {
        tell("it has expired", parts);
        throw new IndexError("not-authenticated", expired(name, expiresAt));
      }
      tokens.used(id, ctx);
      return { id, name, index, scopes, projects, expiresAt };
    };

    const principal = await identify();
    demand(principal, wish);
    return principal;
  };
}

/** Whose guesses are counted together. Where nobody has an address, one job with a token that has ended must not lock all out. */
const guesserOf = (origin: string, parts: TokenParts | undefined) => origin || (parts?.id ?? "");

const UNSHOWN =
  "A token is needed here: as the password, with any user name (https://__token__:TOKEN@…), or as Authorization: Bearer TOKEN.";

/** One sentence for all that is wrong with it: who guesses must not learn which tokens there are. */
const UNKNOWN = "This token is not known here, or it was revoked; ask whoever runs this index for another.";

const CUT = `This token is not whole: it is ${PREFIX}, 16 characters, an underscore and 43 more. Was it cut when it was copied?`;

const expired = (name: string, at: number) =>
  `The token ${JSON.stringify(name)} expired at ${new Date(at).toISOString()}; ask whoever runs this index for another.`;

/** So many tokens from an address were not good that no other is looked at for so many seconds. */
export const tooMany = (seconds: number) =>
  new IndexError(
    "too-many-attempts",
    `Too many tokens from this address were not good; no other is looked at for ${seconds} seconds.`,
    { retryAfter: seconds },
  );
