import * as z from "zod/mini";
import { upstreamAddress } from "./address.ts";
import type { IndexConfig } from "./indexes.ts";
import { patterns } from "./patterns.ts";
import { SCOPES, type Scope } from "./token.ts";

/** What a job may be given. With `admin` it could make tokens that outlive it. */
const GIVEN = SCOPES.filter((scope) => scope !== "admin");

/** Claims that are checked by themselves, or are another in each token: none of them says who somebody is. */
const OF_ANYBODY = new Set(["iss", "aud", "exp", "nbf", "iat", "jti"]);

/**
 * Issuers that whole services share, so that strangers have their tokens as well, and the claims of which each says whose job
 * it is. GitHub's `job_workflow_ref` is none of them: anybody's job may call another's reusable workflow.
 */
const SHARED: Readonly<Record<string, { readonly claims: readonly string[]; readonly example: string }>> = {
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

/** The claims of which one says whose job it is, where strangers have tokens of this issuer as well; undefined: they have none. */
export const ownersClaims = (issuer: string): readonly string[] | undefined =>
  Object.hasOwn(SHARED, issuer) ? SHARED[issuer]?.claims : undefined;

/** As `upstreamAddress` takes it, but left as it is written: it is compared with a claim, letter by letter. */
const issuer = z.string().check(
  z.check(({ value, issues }) => {
    const { success, data, error } = upstreamAddress.safeParse(value);
    for (const { message } of error?.issues ?? []) issues.push({ code: "custom", input: value, message });
    if (success && data.href !== (value.endsWith("/") ? value : `${value}/`)) {
      issues.push({ code: "custom", input: value, message: `must be written as the "iss" claim has it: ${data.href}` });
    }
  }),
);

/** A rule of `[[vars.TRUSTED]]`: who holds an identity token with these claims gets a token for a short time. */
export const trusted = z.strictObject({
  issuer,
  claims: z.record(
    z.string().check(
      z.minLength(1, "must not be empty"),
      z.refine((name) => !OF_ANYBODY.has(name), "is checked for every token; it says nothing of who holds it"),
    ),
    z.string().check(z.regex(/[^*]/, 'must be a text, in which "*" stands for any characters, and not "*" alone')),
  ),
  index: z.string(),
  scopes: z.array(z.enum(GIVEN, `must be one of: ${GIVEN.join(", ")}`)).check(z.minLength(1, "must name at least one")),
  projects: z.optional(patterns),
});

/** One of these rules. */
export interface TrustedConfig {
  /** Exactly as the `iss` claim has it. */
  readonly issuer: string;
  /** By the name of a claim, the value that it must have, in which `*` stands for any characters. */
  readonly claims: Readonly<Record<string, string>>;
  readonly index: string;
  readonly scopes: readonly Scope[];
  /** Patterns of the names that it may write; undefined: any. */
  readonly projects?: readonly string[] | undefined;
}

/**
 * The rules that a configuration describes, in its order.
 *
 * @param problems gets a line for each fault; what is returned is then not to be used
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
    else if (!hosting.hosted && scopes.some((scope) => scope !== "read")) {
      problems.push(
        `TRUSTED.${at}.scopes: INDEXES.${index} is not hosted, so there is nothing to do in it but to read`,
      );
    }
    // Any workflow of any repository has a token of this issuer.
    if (Object.keys(claims).length === 0) problems.push(`TRUSTED.${at}.claims: must name at least one claim`);
    else if (!namesOwner(from, claims)) {
      problems.push(
        `TRUSTED.${at}.claims: strangers have tokens of ${from} as well; name whom you trust, without "*" at least up to a "/", in one of ${ownersClaims(from)?.join(", ")}: ${SHARED[from]?.example}`,
      );
    }
  }
  return [...shapes];
}

/** Whether one of these claims says, before its first `*`, whose job it must be. */
const namesOwner = (from: string, claims: Readonly<Record<string, string>>) =>
  ownersClaims(from)?.some((claim) => Object.hasOwn(claims, claim) && isOwned(claims[claim] ?? "")) ?? true;

/** `acme*` is somebody else's as well (acme-evil); `acme/*` is not. */
const isOwned = (pattern: string) => !pattern.includes("*") || /^[^*]+\//.test(pattern);
