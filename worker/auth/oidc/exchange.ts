import type { TrustedConfig } from "../../../schema/trusted.ts";
import { IndexError } from "../../errors.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Attempts } from "../attempts.ts";
import { tooMany } from "../authenticate.ts";
import type { TokenStore } from "../ports.ts";
import { hashOf, makeToken } from "../token.ts";
import { textOf } from "./claims.ts";
import type { FindKeys } from "./keys.ts";
import { ruleFor, type Rule } from "./rules.ts";
import { verify, type IdentityClaims } from "./verify.ts";
import type { Context } from "../../repository/context.ts";

/** For how long a token that was exchanged is good: PEP 807 asks for no less. Milliseconds. */
const LIFETIME = 15 * 60_000;

/** Of a token's name, and of a claim in the audit log. Characters. */
const MAX_TEXT = 200;

/** An identity token's own id that is longer is replaced by a digest. Characters. */
const MAX_ID = 200;

/** What the audit log keeps of an identity token, beside the claims that its rule names: which job of whose it was. */
const NOTED = [
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

/** A token of ours, for somebody's identity token. */
export interface Minted {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Gives a token of ours for an identity token, once.
 *
 * @param identity a JWT
 * @param origin the address that it came from; empty where it is not known
 * @throws IndexError `unprocessable` and `not-allowed` with what is wrong with it, `too-many-attempts`, and `upstream-failed` or
 *   `storage-failed` where that cannot be told
 */
export type Exchange = (identity: string, origin: string, ctx: Context) => Promise<Minted>;

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly rules: readonly TrustedConfig[];
  /** Whom identity tokens must be meant for. */
  readonly audience: string;
  readonly findKeys: FindKeys;
  readonly tokens: Pick<TokenStore, "create">;
  readonly attempts: Attempts;
}

/** The exchange by these rules. */
export function exchanging({ rules: configs, audience, findKeys, tokens, attempts }: ExchangeParts): Exchange {
  const rules: readonly Rule[] = configs.map((rule, at) => ({ ...rule, at }));
  const issuers = new Set(rules.map(({ issuer }) => issuer));

  async function mint(identity: string, origin: string, ctx: Context): Promise<Minted> {
    const claims = await verify(identity, { issuers, audience, findKeys }, ctx);
    const rule = ruleFor(
      rules.filter(({ issuer }) => issuer === claims.iss),
      claims,
    );
    const { id, secret, text } = makeToken();
    const { index, scopes, projects } = rule;
    const name = `oidc: ${holderOf(claims)}`;
    const expiresAt = ctx.now + LIFETIME;
    const token = { id, name, hash: await hashOf(secret), index, scopes, projects, expiresAt };
    const deed = {
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
        claims: noted(rule, claims),
      },
    } as const;
    const made = await tokens.create({ ...token, mintedFor: await idOf(identity, claims) }, deed, ctx);
    if (made === "minted-before") throw new IndexError("not-allowed", USED);
    return { token: text, expiresAt };
  }

  return async (identity, origin, ctx) => {
    try {
      return await mint(identity, origin, ctx);
    } catch (error) {
      if (error instanceof IndexError && (error.kind === "not-allowed" || error.kind === "unprocessable")) {
        // Jobs of many owners have one address: however many of them fail, a good token is exchanged.
        const limited = attempts.limitedFor(origin, ctx.now);
        attempts.guessed(origin, ctx.now);
        const what = `an identity token from ${origin || "an unknown address"}`;
        if (attempts.mayTell(origin, ctx.now)) ctx.report({ event: "auth-failed", what, reason: error.message });
        if (limited > 0) throw tooMany(limited);
      }
      throw error;
    }
  };
}

/** What people call whose job it is. It ends up on terminals, so nothing in it moves their cursor. */
const holderOf = (claims: IdentityClaims) =>
  (textOf(claims, "repository") ?? textOf(claims, "project_path") ?? claims.sub)
    .slice(0, MAX_TEXT)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");

/** The claims that say whose job it was, and those that let it in. */
function noted({ claims: expected }: Rule, claims: IdentityClaims): Record<string, string> {
  const names = new Set([...NOTED, ...Object.keys(expected)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const text = textOf(claims, name);
      return text === undefined ? [] : [[name, text.slice(0, MAX_TEXT)]];
    }),
  );
}

/**
 * What an identity token is known by, so that it is exchanged once: its own id, or a digest of what is signed. Not of the
 * signature, which for some algorithms can be written in another way that is as good.
 */
async function idOf(identity: string, { iss, jti }: IdentityClaims): Promise<string> {
  if (typeof jti === "string" && jti !== "" && jti.length <= MAX_ID) return `${iss} ${jti}`;
  const signed = identity.slice(0, identity.lastIndexOf("."));
  return `${iss} sha256:${await sha256(new TextEncoder().encode(signed))}`;
}

const USED =
  "This identity token has been exchanged before, and is good for one token. Ask the CI for another, which takes a job of its own on GitLab; if nobody else of yours used it, it has leaked.";
