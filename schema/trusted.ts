import * as z from "zod/mini";
import { upstreamAddress } from "./address.ts";
import type { IndexConfig } from "./indexes.ts";
import { patterns } from "./patterns.ts";
import { changesPackages, SCOPES, type Scope } from "./token.ts";

/** The scopes that a CI job may get. With `admin` it could create tokens that outlive it. */
const GRANTABLE_SCOPES = SCOPES.filter((scope) => scope !== "admin");

/** Claims that are checked for every token, or differ in every token: none of them identifies a job's owner. */
const CLAIMS_WITHOUT_OWNER = new Set(["iss", "aud", "exp", "nbf", "iat", "jti"]);

/**
 * Issuers that many organisations share, so that strangers have valid tokens of them too, and the claims that identify a
 * job's owner. GitHub's `job_workflow_ref` is not among these: anyone's job may call another owner's reusable workflow.
 */
const SHARED_ISSUERS: Readonly<Record<string, { readonly claims: readonly string[]; readonly example: string }>> = {
  "https://token.actions.githubusercontent.com": {
    claims: [
      "repository",
      "repository_id",
      "repository_owner",
      "repository_owner_id",
      "enterprise",
      "enterprise_id",
      "workflow_ref",
      "sub",
    ],
    example: 'repository = "acme/*"',
  },
  "https://gitlab.com": {
    claims: ["project_path", "project_id", "namespace_path", "namespace_id", "sub"],
    example: 'project_path = "acme/*"',
  },
  "https://agent.buildkite.com": {
    claims: ["organization_slug", "organization_id", "pipeline_id", "sub"],
    example: 'organization_slug = "acme"',
  },
  "https://accounts.google.com": {
    claims: ["email", "sub"],
    example: 'email = "release@acme.iam.gserviceaccount.com"',
  },
};

/** The claims that identify a job's owner, for issuers that many organisations share; undefined for other issuers. */
export const ownersClaims = (issuer: string): readonly string[] | undefined =>
  Object.hasOwn(SHARED_ISSUERS, issuer) ? SHARED_ISSUERS[issuer]?.claims : undefined;

/** Checked like `upstreamAddress` but not rewritten, because it is compared with the `iss` claim as text. */
const issuer = z.string().check(
  z.check(({ value, issues }) => {
    const { success, data, error } = upstreamAddress.safeParse(value);
    for (const { message } of error?.issues ?? []) issues.push({ code: "custom", input: value, message });
    if (success && data.href !== (value.endsWith("/") ? value : `${value}/`)) {
      issues.push({ code: "custom", input: value, message: `must be written as the "iss" claim has it: ${data.href}` });
    }
  }),
);

/** A rule of `[[vars.TRUSTED]]`: identity tokens with these claims are exchanged for short-lived tokens. */
export const trusted = z.strictObject({
  issuer,
  claims: z.record(
    z.string().check(
      z.minLength(1, "must not be empty"),
      z.refine(
        (name) => !CLAIMS_WITHOUT_OWNER.has(name),
        "is checked for every token; it says nothing of who holds it",
      ),
    ),
    z.string().check(z.regex(/[^*]/, 'must be a text, in which "*" stands for any characters, and not "*" alone')),
  ),
  index: z.string(),
  scopes: z
    .array(z.enum(GRANTABLE_SCOPES, `must be one of: ${GRANTABLE_SCOPES.join(", ")}`))
    .check(z.minLength(1, "must name at least one")),
  projects: z.optional(patterns),
});

export interface TrustedConfig {
  /** Exactly as the `iss` claim has it. */
  readonly issuer: string;
  /** The required values by claim name; `*` stands for any characters. */
  readonly claims: Readonly<Record<string, string>>;
  readonly index: string;
  readonly scopes: readonly Scope[];
  /** Patterns of the names that the token may write; undefined: any. */
  readonly projects?: readonly string[] | undefined;
}

/**
 * Checks the configured rules and returns them in their order.
 *
 * @param problems collects what is wrong; where there is something, the result must not be used
 */
export function resolveTrusted(
  shapes: readonly z.infer<typeof trusted>[],
  indexes: readonly IndexConfig[],
  audience: string,
  problems: string[],
): TrustedConfig[] {
  if (shapes.length > 0 && audience === "") {
    problems.push("AUDIENCE: must be given where there are TRUSTED rules, such as the host name that people use");
  }
  for (const [at, { issuer: from, claims, index, scopes }] of shapes.entries()) {
    const hosting = indexes.find(({ name }) => name === index);
    if (!hosting) problems.push(`TRUSTED.${at}.index: there is no INDEXES.${index}`);
    else if (!hosting.hosted && scopes.some(changesPackages)) {
      problems.push(
        `TRUSTED.${at}.scopes: INDEXES.${index} is not hosted, so only the scopes read and warm are possible`,
      );
    }
    // Every workflow of every repository has a token of such an issuer.
    if (Object.keys(claims).length === 0) problems.push(`TRUSTED.${at}.claims: must name at least one claim`);
    else if (!namesOwner(from, claims)) {
      problems.push(
        `TRUSTED.${at}.claims: strangers have tokens of ${from} too: name the owner that you trust, without "*" before the first "/", in one of ${ownersClaims(from)?.join(", ")}: ${SHARED_ISSUERS[from]?.example}`,
      );
    }
  }
  return [...shapes];
}

/** Whether one of the claims fixes the owner before its first `*`. */
const namesOwner = (from: string, claims: Readonly<Record<string, string>>) =>
  ownersClaims(from)?.some((claim) => Object.hasOwn(claims, claim) && isOwned(claims[claim] ?? "")) ?? true;

/** `acme*` also matches another owner (acme-evil); `acme/*` does not. */
const isOwned = (pattern: string) => !pattern.includes("*") || /^[^*]+\//.test(pattern);
