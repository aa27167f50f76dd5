import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { IndexError, upstreamFailed } from "../../errors.ts";
import { shown, type Claims } from "./claims.ts";
import { unknowable, type FindKeys, type Keys } from "./keys.ts";
import type { Context } from "../../repository/context.ts";

/** All of them asymmetric: none for which an issuer's public key could be taken for a secret that is shared with it. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** How far an issuer's clock may be from ours. Seconds. */
const SKEW = 60;

/**
 * How long ago a token may have been issued. GitLab gives one when a job begins, good for as long as the job may take: an hour,
 * if nobody says otherwise. An older one is rather a stolen one than a slow job's. Seconds.
 */
const MAX_AGE = 3_600;

/** What is needed to tell whether a token is good. */
export interface VerifyParts {
  /** Issuers that may be asked for their keys, as the `iss` claim has them. */
  readonly issuers: ReadonlySet<string>;
  /** Whom tokens must be meant for. */
  readonly audience: string;
  readonly findKeys: FindKeys;
}

/** The claims of a good token. */
export type IdentityClaims = Claims & { readonly iss: string; readonly sub: string };

/**
 * What a token says, once its signature, issuer, audience and times have been found good. Nobody is asked about a token of an
 * issuer that is not ours to trust.
 *
 * @param token a JWT in its compact form (RFC 7519)
 * @throws IndexError `unprocessable` for what is none, `not-allowed` with what is wrong with it, and `upstream-failed` where its
 *   issuer's keys are not to be had
 */
export async function verify(token: string, parts: VerifyParts, ctx: Context): Promise<IdentityClaims> {
  const { alg, kid, issuer } = unverified(token);
  if (typeof alg !== "string" || !ALGORITHMS.includes(alg)) {
    throw refused(`it is signed by ${quoted(alg)}, and accepted are ${ALGORITHMS.join(", ")}`);
  }
  if (typeof issuer !== "string" || !parts.issuers.has(issuer)) {
    throw refused(`its issuer (iss) is ${quoted(issuer)}, and no TRUSTED rule is for exactly that`);
  }
  if (typeof kid !== "string") throw refused("its header does not name the key (kid) that it is signed with");
  const keys = await parts.findKeys(issuer, kid, ctx);
  if (!keys) throw refused(`it is signed with the key ${quoted(kid)}, which ${issuer} does not have`);

  const claims = await checked(token, keys, { issuer, audience: parts.audience, now: ctx.now });
  if (typeof claims.sub !== "string" || claims.sub === "")
    throw refused(`its subject (sub) is ${quoted(claims.sub)}, and must be a text`);
  return claims as IdentityClaims;
}

/** What decides which key a token is held against: nothing of it is believed. */
function unverified(token: string) {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return { alg: alg as unknown, kid: kid as unknown, issuer: decodeJwt(token).iss as unknown };
  } catch {
    throw new IndexError(
      "unprocessable",
      "The token is no JWT: it must be the identity token that the CI gives the job, three parts of base64url with dots between them.",
    );
  }
}

/** What the token is held against; `now` in milliseconds since the epoch. */
interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly now: number;
}

async function checked(token: string, keys: Keys, expected: Expected): Promise<Claims & { readonly sub?: unknown }> {
  const { issuer, audience, now } = expected;
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ["exp", "sub"],
      maxTokenAge: MAX_AGE,
      clockTolerance: SKEW,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    throw refusal(error, expected);
  }
}

/** What `jwtVerify` found, in a sentence. */
function refusal(error: unknown, { issuer, audience, now }: Expected): IndexError {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim, payload, reason } = error;
    const value = payload[claim];
    if (reason === "missing") return refused(`it has no ${claim} claim`);
    if (claim === "aud") return refused(`it is meant for (aud) ${quoted(value)}, and must be for ${quoted(audience)}`);
    if (reason === "invalid") return refused(`its ${claim} claim is ${quoted(value)}, and must be a number of seconds`);
    const at = `${dated(value)}; it is ${dated(now / 1_000)} here`;
    if (claim === "exp") return refused(`it expired (exp) at ${at}`);
    if (claim === "nbf") return refused(`it is not good before (nbf) ${at}`);
    if (Number(value) * 1_000 > now) return refused(`it was issued (iat) in the future, at ${at}`);
    return refused(
      `it was issued (iat) at ${at}, and may be ${MAX_AGE / 60} minutes old; have a later job publish, which gets its own`,
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused(`its signature is not one of ${issuer}`);
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused(`its header names a key of ${issuer} that is not for its algorithm`);
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return refused("it is built as none of its issuer's would be");
  }
  // All that is left is about the key.
  return unknowable(issuer, upstreamFailed(new URL(issuer).host, "the key that the token names cannot be used", error));
}

/** `why` without a final stop. */
const refused = (why: string) => new IndexError("not-allowed", `This identity token is not accepted: ${why}.`);

const quoted = (value: unknown) =>
  shown(value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value));

/** A time in a sentence, from seconds since the epoch. */
function dated(seconds: unknown): string {
  const at = new Date(Number(seconds) * 1_000);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString();
}
