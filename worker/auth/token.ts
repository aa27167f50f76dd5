import { sha256 } from "../repository/sha256.ts";

/** What a token's text says. */
export interface TokenParts {
  /** Names it, to the database and in the audit log; no secret. */
  readonly id: string;
  /** What its holder alone knows. */
  readonly secret: string;
}

/** How each token begins: secret scanners find it by that, and a person sees what it is. */
export const PREFIX = "pypi-edge_";

const FORM = new RegExp(`^${PREFIX}([\\da-f]{16})_([\\w-]{43})$`);

/** A new token, as its holder is given it, once: 16 hex digits of an id, then 32 random bytes as base64url. */
export function makeToken(): TokenParts & { readonly text: string } {
  const id = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const secret = crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
  return { id, secret, text: `${PREFIX}${id}_${secret}` };
}

/** What a token says, or undefined for what is none of ours. */
export function parseToken(text: string): TokenParts | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** What is kept of a secret: its SHA-256, in lower-case hex. It has 256 random bits, so nothing slower protects it better. */
export const hashOf = (secret: string) => sha256(new TextEncoder().encode(secret));
