import type { TrustedConfig } from "../../../schema/trusted.ts";
import { MINUTE } from "../../duration.ts";
import { IndexError } from "../../errors.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Attempts } from "../attempts.ts";
import { tooManyAttempts } from "../authenticate.ts";
import type { TokenStore } from "../ports.ts";
import { hashOfSecret, makeToken } from "../token.ts";
import { claimText } from "./claims.ts";
import type { FindKeys } from "./keys.ts";
import { matchingRule, type TrustedRule } from "./rules.ts";
import { verifyIdentityToken, type IdentityClaims } from "./verify.ts";
import type { Context } from "../../repository/context.ts";

/** How long the token that is given out is valid. PEP 807 asks for at least this. */
const LIFETIME_MS = 15 * MINUTE;

/** Longer token names, and longer claims in the audit log, are cut. Characters. */
const MAX_TEXT = 200;

/** A longer `jti` is replaced by a digest. Characters. */
const MAX_JTI = 200;

/** The claims that the audit log records to identify the CI job, in addition to those that the rule names. */
const RECORDED_CLAIMS = [
  "sub",
  "repository",
  "repository_id",
  "repository_owner_id",
  "workflow_ref",
  "job_workflow_ref",
  "ref",
  "sha",
  "environment",
  "event_name",
  "actor",
  "run_id",
  "project_path",
  "project_id",
  "namespace_id",
  "pipeline_id",
  "job_id",
  "user_login",
  "jti",
];

/** A token that was created for an identity token. */
export interface MintedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Exchanges an identity token for a token of ours. Each identity token can be exchanged once.
 *
 * @param identity a JWT
 * @param origin the client's address; empty where it is not known
 * @throws IndexError `unprocessable` and `not-allowed` with the reason why it is refused, `too-many-attempts`, and
 *   `upstream-failed` or `storage-failed` where the keys or the database cannot be read
 */
export type ExchangeToken = (identity: string, origin: string, ctx: Context) => Promise<MintedToken>;

/** What an exchange needs. */
export interface ExchangeTokenOptions {
  readonly rules: readonly TrustedConfig[];
  /** The `aud` that identity tokens must have. */
  readonly audience: string;
  readonly findKeys: FindKeys;
  readonly tokens: Pick<TokenStore, "create">;
  readonly attempts: Attempts;
}

export function createExchangeToken({
  rules: configs,
  audience,
  findKeys,
  tokens,
  attempts,
}: ExchangeTokenOptions): ExchangeToken {
  const rules: readonly TrustedRule[] = configs.map((rule, at) => ({ ...rule, at }));
  const issuers = new Set(rules.map(({ issuer }) => issuer));

  async function exchangeOnce(identity: string, origin: string, ctx: Context): Promise<MintedToken> {
    const claims = await verifyIdentityToken(identity, { issuers, audience, findKeys }, ctx);
    const rule = matchingRule(
      rules.filter(({ issuer }) => issuer === claims.iss),
      claims,
    );
    const { id, secret, text } = makeToken();
    const { index, scopes, projects } = rule;
    const name = `oidc: ${jobName(claims)}`;
    const expiresAt = ctx.now + LIFETIME_MS;
    const token = { id, name, hash: hashOfSecret(secret), index, scopes, projects, expiresAt };
    const entry = {
      principal: { id: claims.iss, name, index, scopes, projects },
      origin,
      action: "token.mint",
      index,
      project: "",
      subject: id,
      details: {
        rule: `TRUSTED.${rule.at}`,
        scopes,
        projects,
        expires: new Date(expiresAt).toISOString(),
        claims: recordedClaims(rule, claims),
      },
    } as const;
    const made = await tokens.create({ ...token, mintedFor: await identityOf(identity, claims) }, entry, ctx);
    if (made === "minted-before") throw new IndexError("not-allowed", ALREADY_EXCHANGED);
    return { token: text, expiresAt };
  }

  return async (identity, origin, ctx) => {
    try {
      return await exchangeOnce(identity, origin, ctx);
    } catch (error) {
      if (error instanceof IndexError && (error.kind === "not-allowed" || error.kind === "unprocessable")) {
        // Jobs of many owners share an address: a valid token is exchanged however many others failed.
        const limited = attempts.limitedForSeconds(origin, ctx.now);
        attempts.countFailure(origin, ctx.now);
        const what = `an identity token from ${origin || "an unknown address"}`;
        if (attempts.mayLog(origin, ctx.now)) ctx.report({ event: "auth-failed", what, reason: error.message });
        if (limited > 0) throw tooManyAttempts(limited);
      }
      throw error;
    }
  };
}

/** A name for the job, from its claims. It is printed on terminals, so control characters are replaced. */
const jobName = (claims: IdentityClaims) =>
  (claimText(claims, "repository") ?? claimText(claims, "project_path") ?? claims.sub)
    .slice(0, MAX_TEXT)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");

/** The claims that identify the job, and those that the rule compared. */
function recordedClaims({ claims: expected }: TrustedRule, claims: IdentityClaims): Record<string, string> {
  const names = new Set([...RECORDED_CLAIMS, ...Object.keys(expected)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const text = claimText(claims, name);
      return text === undefined ? [] : [[name, text.slice(0, MAX_TEXT)]];
    }),
  );
}

/**
 * What identifies an identity token, so that it is exchanged only once: its `jti`, or a digest of the signed part. The
 * signature is left out of the digest, because some algorithms allow several valid signatures of the same content.
 */
async function identityOf(identity: string, { iss, jti }: IdentityClaims): Promise<string> {
  if (typeof jti === "string" && jti !== "" && jti.length <= MAX_JTI) return `${iss} ${jti}`;
  const signed = identity.slice(0, identity.lastIndexOf("."));
  return `${iss} sha256:${sha256(signed)}`;
}

const ALREADY_EXCHANGED =
  "This identity token was exchanged before, and each can be exchanged only once. Request another one from the CI; on GitLab that takes another job. If none of your jobs exchanged it, it has leaked.";
