import { base64url, hex } from "../pypi/encode.ts";
import { sha256 } from "../repository/sha256.ts";

/** The parts of a token's text. */
export interface TokenParts {
  /** Identifies the token in the database and in the audit log; not secret. */
  readonly id: string;
  /** Known only to the token's holder. */
  readonly secret: string;
}

/** Every token begins with this, so that secret scanners and people recognise it. */
export const TOKEN_PREFIX = "pypi-edge_";

const FORM = new RegExp(`^${TOKEN_PREFIX}([\\da-f]{16})_([\\w-]{43})$`);

/** Creates a token. Its text is shown to its holder once: 16 hex digits of an id, then 32 random bytes as base64url. */
export function makeToken(): TokenParts & { readonly text: string } {
  const id = hex(crypto.getRandomValues(new Uint8Array(8)));
  const secret = base64url(crypto.getRandomValues(new Uint8Array(32)));
  return { id, secret, text: `${TOKEN_PREFIX}${id}_${secret}` };
}

/** Takes a token's text apart; undefined where it does not have a token's form. */
export function parseToken(text: string): TokenParts | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * What the database stores of a secret: its SHA-256 in lower-case hex. The secret has 256 random bits, so a slower hash
 * would not protect it better.
 */
export const hashOfSecret = (secret: string) => sha256(secret);
