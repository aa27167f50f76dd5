import { IndexError } from "../errors.ts";
import type { Attempts } from "./attempts.ts";
import { shownIn } from "./credentials.ts";
import type { Token, TokenStore } from "./ports.ts";
import { ADMIN, demand, type Principal, type Wish } from "./principal.ts";
import { isSame } from "./same.ts";
import { hashOf, PREFIX, parseToken, type TokenParts } from "./token.ts";
import type { Context } from "../repository/context.ts";

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

/** A token as it was looked up, and the hash of its secret. */
export type Found = Token & { readonly hash: string };

/** What is needed to tell who somebody is. */
export interface AuthParts {
  /** undefined: there is no such token. */
  readonly adminToken: string | undefined;
  readonly tokens: Pick<TokenStore, "find" | "used">;
  /** The isolate's memory of tokens that there are, by their ids: who guesses at one's secret costs no read either. */
  readonly memory: {
    get(id: string, now: number): Found | undefined;
    set(id: string, value: Found, bytes: number, until: number): void;
  };
  readonly attempts: Attempts;
}

/** For how long a token is not looked up again: the delay of a revocation. Milliseconds. */
const BELIEVED = 30_000;

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
      const guesser = guesserOf(origin, parts);
      const before = attempts.limitedFor(guesser, now);
      attempts.guessed(guesser, now);
      const limited = attempts.limitedFor(guesser, now);
      tell(limited > 0 ? `${reason}; for ${limited} s more of them are answered with 429` : reason, parts);
      return before > 0 ? tooMany(before) : new IndexError("not-authenticated", sentence);
    };

    const lookUp = async (id: string): Promise<Found | undefined> => {
      const known = memory.get(id, now);
      if (known) return known;
      const found = await tokens.find(id, ctx);
      if (found) memory.set(id, found, ENTRY + JSON.stringify(found).length, now + BELIEVED);
      return found;
    };

    const identify = async (): Promise<Principal> => {
      const parts = parseToken(shown);
      if (adminToken !== undefined && (await isSame(shown, adminToken))) return ADMIN;

      // uv and pip with a keyring send the user name of the address alone, and the password when they were refused: no guess.
      if (isUser && !shown.startsWith(PREFIX)) throw new IndexError("not-authenticated", UNSHOWN);
      if (!parts) throw refuse(shown.startsWith(PREFIX) ? CUT : UNKNOWN, "it is no token");
      // However many guesses came before: no guess keeps the holder of a token out.
      const found = await lookUp(parts.id);
      const isHolder = await isSame(await hashOf(parts.secret), found?.hash ?? NOBODY);
      if (!found || !isHolder || found.revokedAt !== undefined) {
        const reason = found ? (isHolder ? "it was revoked" : "its secret is wrong") : "it is not known";
        throw refuse(UNKNOWN, reason, parts);
      }
      return living(found, parts);
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

/** So many tokens from an address were not good that others that are not are answered with this for so many seconds. */
export const tooMany = (seconds: number) =>
  new IndexError(
    "too-many-attempts",
    `Too many tokens from this address were not good, and neither is this one. Wait for ${seconds} seconds, or show another.`,
    { retryAfter: seconds },
  );
