import type { Deed } from "./deed.ts";
import type { Grant } from "./principal.ts";
import type { Context } from "../repository/context.ts";

/** A token, without its secret. Times are milliseconds since the epoch. */
export interface Token extends Grant {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly createdAt: number;
  /** Who made it: a token's id, `admin`, or the issuer of the identity token that it was given for. */
  readonly createdBy: string;
  /** undefined: never. */
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** When it was last used, some minutes late; undefined: never. */
  readonly usedAt: number | undefined;
}

/** A token that is to be made. */
export interface NewToken extends Grant {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** Of its secret, by `hashOf`. */
  readonly hash: string;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt: number | undefined;
  /** Of one that is given for an identity token: that one's issuer and id, which no other token may have. */
  readonly mintedFor?: string | undefined;
}

/** The tokens that there are. Where the store fails it is reported, and `storage-failed` is thrown. */
export interface TokenStore {
  /**
   * Makes a token, and writes down who did it. `minted-before`: another one was made for the same identity token, and
   * nothing has changed.
   */
  create(token: NewToken, deed: Deed, ctx: Context): Promise<"created" | "minted-before">;
  /** The token with this id, revoked and expired ones too, and the hash of its secret. One read. */
  find(id: string, ctx: Context): Promise<(Token & { readonly hash: string }) | undefined>;
  /** The tokens for an index (`*`: those for every index), or all that there are; the newest first. */
  list(index: string | undefined, ctx: Context): Promise<readonly Token[]>;
  /** Revokes a token, and writes down who did it. One that was revoked before stays so since then. */
  revoke(id: string, deed: Deed, ctx: Context): Promise<void>;
  /** Notes that a token was used. Never fails, and costs no operation. */
  used(id: string, ctx: Context): void;
}
