import type { NewAuditEntry } from "./audit-entry.ts";
import type { Grant } from "./principal.ts";
import type { Context } from "../repository/context.ts";
import type { NowOrLater } from "../repository/now-or-later.ts";

/** A token in the database, without its secret. Times are milliseconds since the epoch. */
export interface StoredToken extends Grant {
  readonly id: string;
  /** A name that people gave it. */
  readonly name: string;
  readonly createdAt: number;
  /** The id of the token that created it, `admin`, or the issuer of the identity token that it was exchanged for. */
  readonly createdBy: string;
  /** undefined: never. */
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** When it was last used, written with a delay of some minutes; undefined: never. */
  readonly usedAt: number | undefined;
}

/** A token that is to be created. */
export interface NewToken extends Grant {
  readonly id: string;
  /** A name that people gave it. */
  readonly name: string;
  /** The hash of its secret, by `hashOfSecret`. */
  readonly hash: string;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt: number | undefined;
  /**
   * For a token that is exchanged for an identity token: the issuer and id of the latter. No two tokens may have the
   * same.
   */
  readonly mintedFor?: string | undefined;
}

/** What a token allows, as each request needs it. */
export interface TokenRights extends Grant {
  readonly id: string;
  /** A name that people gave it. */
  readonly name: string;
  /** The hash of its secret, by `hashOfSecret`. */
  readonly hash: string;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt?: number | undefined;
  readonly isRevoked: boolean;
}

/** The tokens, with every change that was answered before the call. Failures are reported and reject with `storage-failed`. */
export interface TokenLookup {
  /**
   * The token with this id, even if revoked or expired; undefined where there is none. The same object as long as nothing
   * of the token has changed.
   */
  rights(id: string, ctx: Context): NowOrLater<TokenRights | undefined>;
}

/** The key that browsers' sessions are sealed with: the same for all isolates, and in no backup. */
export interface SessionKey {
  /** @throws IndexError `storage-failed` */
  get(ctx: Context): Promise<string>;
}

/** The sessions that were ended before their time. */
export interface EndedSessions {
  /**
   * Whether one was ended, by any change that was answered before the call.
   *
   * @param id of its token, or `admin`
   * @param openedAt milliseconds since the epoch
   * @throws IndexError `storage-failed`
   */
  has(id: string, openedAt: number, ctx: Context): NowOrLater<boolean>;
  /** Ends one, or all that its token has opened up to now. Throws `storage-failed`. */
  end(id: string, openedAt: number, reach: "one" | "all", ctx: Context): Promise<void>;
}

/** The forms of pages that were used. Failures of the store are thrown as `storage-failed`. */
export interface SentForms {
  /**
   * Notes that a form is used, once among all isolates.
   *
   * @param value that no other form has
   * @param now milliseconds since the epoch
   * @returns whether it was not noted before
   */
  claim(value: string, now: number): Promise<boolean>;
  /** Forgets a form with which nothing was done, so that it may be sent again. */
  release(value: string): Promise<void>;
}

/** The stored tokens. Failures of the store are reported and thrown as `storage-failed`. */
export interface TokenStore {
  /**
   * Creates a token and writes an audit entry. Returns `minted-before`, and changes nothing, where a token was already
   * created for the same identity token.
   */
  create(token: NewToken, entry: NewAuditEntry, ctx: Context): Promise<"created" | "minted-before">;
  /** The token with this id, even if revoked or expired, and the hash of its secret. One read. */
  find(id: string, ctx: Context): Promise<(StoredToken & { readonly hash: string }) | undefined>;
  /** The tokens of an index (`*`: tokens for every index), or all tokens where `index` is undefined; newest first. */
  list(index: string | undefined, ctx: Context): Promise<readonly StoredToken[]>;
  /** Revokes a token and writes an audit entry. A token that is already revoked keeps its time. */
  revoke(id: string, entry: NewAuditEntry, ctx: Context): Promise<void>;
  /** Records that a token was used, in memory: the write follows later. Never fails. */
  used(id: string, ctx: Context): void;
}
