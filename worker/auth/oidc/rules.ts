import { ownersClaims, type TrustedConfig } from "../../../schema/trusted.ts";
import { IndexError } from "../../errors.ts";
import { fits, shown, textOf, type Claims } from "./claims.ts";

/** A rule, and its place in the configuration. */
export interface Rule extends TrustedConfig {
  readonly at: number;
}

/**
 * The first of an issuer's rules that fits a token's claims.
 *
 * @throws IndexError `not-allowed` that says of the rule that came closest which claims do not fit. What the rule expects is
 *   told to its owner's jobs only: of an issuer that many share, a stranger would learn the names of private repositories.
 */
export function ruleFor(rules: readonly Rule[], claims: Claims): Rule {
  const judged = rules.map((rule) => ({ rule, misfits: misfitsOf(rule, claims) }));
  const fitting = judged.find(({ misfits }) => misfits.length === 0);
  if (fitting) return fitting.rule;
  const [closest] = judged.toSorted((a, b) => a.misfits.length - b.misfits.length);
  if (!closest) throw new IndexError("not-allowed", "No TRUSTED rule is for this token's issuer.");
  const { rule, misfits } = closest;
  const isOwn = isOfOwner(rule, claims);
  const faults = misfits.map((claim) => {
    const came = `${claim} is ${shown(textOf(claims, claim))}`;
    return isOwn ? `${came}, expected is ${shown(rule.claims[claim])}` : `${came}, which is not what is expected`;
  });
  throw new IndexError(
    "not-allowed",
    `This identity token is good, but no TRUSTED rule fits it. Of the closest, TRUSTED.${rule.at}: ${faults.join("; ")}.`,
  );
}

const misfitsOf = ({ claims: expected }: Rule, claims: Claims) =>
  Object.entries(expected)
    .filter(([claim, pattern]) => !isMet(pattern, textOf(claims, claim)))
    .map(([claim]) => claim);

const isMet = (pattern: string, text: string | undefined) => text !== undefined && fits(pattern, text);

/** Whether the job is that of somebody whom the rule trusts, whatever else is wrong with it. */
function isOfOwner({ issuer, claims: expected }: Rule, claims: Claims): boolean {
  const owners = ownersClaims(issuer);
  if (!owners) return true;
  return owners.some((claim) => {
    const pattern = Object.hasOwn(expected, claim) ? expected[claim] : undefined;
    const text = textOf(claims, claim);
    if (pattern === undefined || text === undefined) return false;
    // Up to the first slash such a value names the owner.
    const slash = pattern.indexOf("/");
    return (
      isMet(pattern, text) ||
      (slash > 0 && !pattern.slice(0, slash).includes("*") && text.startsWith(pattern.slice(0, slash + 1)))
    );
  });
}
