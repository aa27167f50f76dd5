import { createHmac } from "node:crypto";
import { HOUR } from "../duration.ts";
import { IndexError } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { base64url } from "../pypi/encode.ts";
import { equalsInConstantTime } from "./constant-time.ts";
import { holderOf, type KnownSender } from "./known-senders.ts";
import type { EndedSessions, SessionKey, TokenLookup, TokenRights } from "./ports.ts";
import { ADMIN } from "./principal.ts";
import { hashOfSecret } from "./token.ts";

/** How long a browser stays signed in: a working day. Milliseconds. */
export const SESSION_LENGTH = 8 * HOUR;

/** A session as a cookie holds it. */
export interface OpenedSession {
  /** Made of what a cookie's value may have (RFC 6265, 4.1.1). */
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A token's id or `admin`, when the session was opened, and the seal of both. */
const FORM = /^([\da-f]{16}|admin)\.(\d{1,15})\.([\w-]{43})$/;

/** Compared with where no token has the id of a session. */
const NO_HASH = "0".repeat(64);

interface SessionParts {
  readonly adminTokens: readonly string[];
  readonly tokens: TokenLookup;
  readonly key: SessionKey;
  readonly ended: EndedSessions;
}

/** The sessions of browsers that have signed in. */
export interface BrowserSessions {
  /**
   * Opens a session for the holder of a token. It ends with the token, and where that is revoked or replaced; nothing is written for it.
   *
   * @param secret the admin token, where the sender has shown one
   */
  open(sender: KnownSender, secret: string, ctx: Context): Promise<OpenedSession>;
  /**
   * Whose session this is, with the rights that its token has now.
   *
   * @param value of a cookie, as it came
   * @throws IndexError `not-authenticated` where it is none, or is over; `storage-failed`
   */
  holder(value: string, ctx: Context): Promise<KnownSender>;
  /**
   * Ends a session, and every copy of its cookie; with `all`, each session that its token has opened up to now.
   *
   * @throws IndexError as `holder`
   */
  end(value: string, reach: "one" | "all", ctx: Context): Promise<void>;
}

/**
 * Sessions that are kept in the browser alone: an id, when it was opened, and a seal over both and what is stored of the token. So nothing
 * is written for one, and whatever becomes of the token holds for its sessions in the same moment. What is stored is which were ended.
 *
 * The seal's key is in no backup: otherwise who reads one could sign in with the tokens whose hashes it has.
 */
export function sessionsOf({ adminTokens, tokens, key, ended }: SessionParts): BrowserSessions {
  const seal = async (id: string, openedAt: number, hash: string, ctx: Context) =>
    base64url(
      createHmac("sha256", await key.get(ctx))
        .update(`session opened\n${id}\n${openedAt}\n${hash}`)
        .digest(),
    );

  /** Throws `not-authenticated` where a cookie's value is no session that goes on. */
  async function opened(value: string, ctx: Context): Promise<KnownSender & { readonly openedAt: number }> {
    const [, id = "", at = "", shown = ""] = FORM.exec(value) ?? [];
    const openedAt = Number(at);
    if (id === "" || endOf(openedAt, undefined) <= ctx.now) throw over();
    const isSealedWith = async (hash: string) => equalsInConstantTime(shown, await seal(id, openedAt, hash, ctx));
    if (id === ADMIN.id) {
      const right = await Promise.all(adminTokens.map((token) => isSealedWith(hashOfSecret(token))));
      if (!right.includes(true) || (await ended.has(id, openedAt, ctx))) throw over();
      return { principal: ADMIN, rights: undefined, openedAt };
    }
    const rights = await tokens.rights(id, ctx);
    const isHolder = await isSealedWith(rights?.hash ?? NO_HASH);
    if (!rights || !isHolder || rights.isRevoked || endOf(openedAt, rights) <= ctx.now) throw over();
    if (await ended.has(id, openedAt, ctx)) throw over();
    return { ...holderOf(rights), openedAt };
  }

  return {
    async open({ rights }, secret, ctx) {
      const id = rights?.id ?? ADMIN.id;
      const sealed = await seal(id, ctx.now, rights?.hash ?? hashOfSecret(secret), ctx);
      return { value: `${id}.${ctx.now}.${sealed}`, expiresAt: endOf(ctx.now, rights) };
    },

    holder: opened,

    async end(value, reach, ctx) {
      const { principal, openedAt } = await opened(value, ctx);
      await ended.end(principal.id, openedAt, reach, ctx);
    },
  };
}

/** When a session ends by itself. Milliseconds since the epoch. */
const endOf = (openedAt: number, rights: TokenRights | undefined) =>
  Math.min(openedAt + SESSION_LENGTH, rights?.expiresAt ?? Infinity);

const over = () =>
  new IndexError(
    "not-authenticated",
    "Your sign-in is over: its time is up, it was signed out, or its token was revoked. Sign in again.",
  );
