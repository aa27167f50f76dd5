import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { HOUR, MINUTE, SECOND, inSeconds } from "../../duration.ts";
import { IndexError, upstreamFailed } from "../../errors.ts";
import { quotedClaim, type Claims } from "./claims.ts";
import { keysUnavailable, type FindKeys, type IssuerKeys } from "./keys.ts";
import type { Context } from "../../repository/context.ts";

/** Only asymmetric algorithms: with a symmetric one, an issuer's public key could be misused as the shared secret. */
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

/** How far an issuer's clock may differ from ours. */
const CLOCK_SKEW_SECONDS = inSeconds(MINUTE);

/**
 * The largest age of a token. GitLab issues one when a job begins, valid for as long as the job may run: an hour by
 * default. An older token is more likely stolen than from a slow job.
 */
const MAX_AGE_SECONDS = inSeconds(HOUR);

/** What verification needs. */
export interface VerifyOptions {
  /** The issuers whose keys may be fetched, as the `iss` claim has them. */
  readonly issuers: ReadonlySet<string>;
  /** The `aud` that tokens must have. */
  readonly audience: string;
  readonly findKeys: FindKeys;
}

/** The claims of a verified token. */
export type IdentityClaims = Claims & { readonly iss: string; readonly sub: string };

/**
 * Verifies a token's signature, issuer, audience and times, and returns its claims. Keys are fetched only from trusted
 * issuers.
 *
 * @param token a JWT in its compact form (RFC 7519)
 * @throws IndexError `unprocessable` where it is not a JWT, `not-allowed` with the reason why it is refused, and
 *   `upstream-failed` where the issuer's keys cannot be fetched
 */
export async function verifyIdentityToken(token: string, parts: VerifyOptions, ctx: Context): Promise<IdentityClaims> {
  const { alg, kid, issuer } = readUnverified(token);
  if (typeof alg !== "string" || !ALGORITHMS.includes(alg)) {
    throw refused(`it is signed with ${quoted(alg)}, and only ${ALGORITHMS.join(", ")} are accepted`);
  }
  if (typeof issuer !== "string" || !parts.issuers.has(issuer)) {
    throw refused(`its issuer (iss) is ${quoted(issuer)}, and no TRUSTED rule has exactly this issuer`);
  }
  if (typeof kid !== "string") throw refused("its header does not name the key (kid) that it is signed with");
  const keys = await parts.findKeys(issuer, kid, ctx);
  if (!keys) throw refused(`it is signed with the key ${quoted(kid)}, which ${issuer} does not have`);

  const claims = await verifyClaims(token, keys, { issuer, audience: parts.audience, now: ctx.now });
  if (typeof claims.sub !== "string" || claims.sub === "")
    throw refused(`its subject (sub) is ${quoted(claims.sub)}, and must be a text`);
  return claims as IdentityClaims;
}

/** Reads what selects the key, before the signature is verified. Nothing here may be trusted yet. */
function readUnverified(token: string) {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return { alg: alg as unknown, kid: kid as unknown, issuer: decodeJwt(token).iss as unknown };
  } catch {
    throw new IndexError(
      "unprocessable",
      "The token is not a JWT: it must be the identity token that the CI gives the job, three parts of base64url with dots between them.",
    );
  }
}

/** What the claims must be; `now` in milliseconds since the epoch. */
interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly now: number;
}

async function verifyClaims(
  token: string,
  keys: IssuerKeys,
  expected: Expected,
): Promise<Claims & { readonly sub?: unknown }> {
  const { issuer, audience, now } = expected;
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ["exp", "sub"],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    throw explainRefusal(error, expected);
  }
}

/** Says in a sentence why `jwtVerify` refused a token. */
function explainRefusal(error: unknown, { issuer, audience, now }: Expected): IndexError {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim, payload, reason } = error;
    const value = payload[claim];
    if (reason === "missing") return refused(`it has no ${claim} claim`);
    if (claim === "aud") return refused(`it is meant for (aud) ${quoted(value)}, and must be for ${quoted(audience)}`);
    if (reason === "invalid") return refused(`its ${claim} claim is ${quoted(value)}, and must be a number of seconds`);
    const at = `${dated(value)}; it is ${dated(inSeconds(now))} here`;
    if (claim === "exp") return refused(`it expired (exp) at ${at}`);
    if (claim === "nbf") return refused(`it is not good before (nbf) ${at}`);
    if (Number(value) * SECOND > now) return refused(`it was issued (iat) in the future, at ${at}`);
    return refused(
      `it was issued (iat) at ${at}, and may be ${MAX_AGE_SECONDS / 60} minutes old; have a later job publish, which gets its own`,
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
  // All other errors concern the key.
  return keysUnavailable(
    issuer,
    upstreamFailed(new URL(issuer).host, "the key that the token names cannot be used", error),
  );
}

/** @param why without a full stop */
const refused = (why: string) => new IndexError("not-allowed", `This identity token is not accepted: ${why}.`);

const quoted = (value: unknown) =>
  quotedClaim(value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value));

/** Formats a time for a message, from seconds since the epoch. */
function dated(seconds: unknown): string {
  const at = new Date(Number(seconds) * SECOND);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString();
}
