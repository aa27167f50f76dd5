import * as z from "zod/mini";

/** More keys than any issuer has. */
const MAX_KEYS = 100;

/** The members of an issuer's metadata (OpenID Connect Discovery, 3) that are used. */
export const openidConfiguration = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** A public key (RFC 7517). Other members are dropped, above all those of private keys. */
export const jsonWebKey = z.object({
  kty: z.string(),
  kid: z.optional(z.string()),
  use: z.optional(z.string()),
  alg: z.optional(z.string()),
  key_ops: z.optional(z.array(z.string())),
  n: z.optional(z.string()),
  e: z.optional(z.string()),
  crv: z.optional(z.string()),
  x: z.optional(z.string()),
  y: z.optional(z.string()),
});

/** An issuer's keys, which are parsed one by one, so that an invalid key does not invalidate the others. */
export const jsonWebKeySet = z.object({ keys: z.array(z.unknown()).check(z.maxLength(MAX_KEYS)) });
