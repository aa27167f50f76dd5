import * as z from "zod/mini";

/** More keys than any issuer has at once. */
const MAX_KEYS = 100;

/** What an issuer says of itself (OpenID Connect Discovery, 3), as far as it is needed here. */
export const openidConfiguration = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** A public key (RFC 7517). Members that are of no use here are dropped, those of private keys first of all. */
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

/** An issuer's keys, looked at one by one: a bad one must not cost the good ones. */
export const jsonWebKeySet = z.object({ keys: z.array(z.unknown()).check(z.maxLength(MAX_KEYS)) });
