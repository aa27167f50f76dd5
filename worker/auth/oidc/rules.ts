import { ownersClaims, type TrustedConfig } from "../../../schema/trusted.ts";
import { IndexError } from "../../errors.ts";
import { matchesPattern, quotedClaim, claimText, type Claims } from "./claims.ts";

/** A rule, and its position in the configuration. */
export interface TrustedRule extends TrustedConfig {
  readonly at: number;
}

/**
 * The first of an issuer's rules that a token's claims match.
 *
 * @throws IndexError `not-allowed` with the claims that do not match the closest rule. The expected values are told only
 *   to jobs of the owner that the rule names: many strangers share an issuer, and could otherwise learn the names of
 *   private repositories.
 */
export function matchingRule(rules: readonly TrustedRule[], claims: Claims): TrustedRule {
  const judged = rules.map((rule) => ({ rule, misfits: unmetClaims(rule, claims) }));
  const fitting = judged.find(({ misfits }) => misfits.length === 0);
  if (fitting) return fitting.rule;
  const [closest] = judged.toSorted((a, b) => a.misfits.length - b.misfits.length);
  if (!closest) throw new IndexError("not-allowed", "No TRUSTED rule is for this token's issuer.");
  const { rule, misfits } = closest;
  const isOwn = isOfOwner(rule, claims);
  const faults = misfits.map((claim) => {
    const came = `${claim} is ${quotedClaim(claimText(claims, claim))}`;
    return isOwn ? `${came}, expected ${quotedClaim(rule.claims[claim])}` : `${came}, but another value is expected`;
  });
  throw new IndexError(
    "not-allowed",
    `This identity token is valid, but no TRUSTED rule matches it. The closest is TRUSTED.${rule.at}: ${faults.join("; ")}.`,
  );
}

const unmetClaims = ({ claims: expected }: TrustedRule, claims: Claims) =>
  Object.entries(expected)
    .filter(([claim, pattern]) => !isClaimMet(pattern, claimText(claims, claim)))
    .map(([claim]) => claim);

const isClaimMet = (pattern: string, text: string | undefined) => text !== undefined && matchesPattern(pattern, text);

/** Whether the job belongs to the owner that the rule names, even if other claims do not match. */
function isOfOwner({ issuer, claims: expected }: TrustedRule, claims: Claims): boolean {
  const owners = ownersClaims(issuer);
  if (!owners) return true;
  return owners.some((claim) => {
    const pattern = Object.hasOwn(expected, claim) ? expected[claim] : undefined;
    const text = claimText(claims, claim);
    if (pattern === undefined || text === undefined) return false;
    // The part before the first slash names the owner.
    const slash = pattern.indexOf("/");
    return (
      isClaimMet(pattern, text) ||
      (slash > 0 && !pattern.slice(0, slash).includes("*") && text.startsWith(pattern.slice(0, slash + 1)))
    );
  });
}
