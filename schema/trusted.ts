import * as z from "zod/mini";
import { upstreamAddress } from "./address.ts";
import type { IndexConfig } from "./indexes.ts";
import { patterns } from "./patterns.ts";
import { SCOPES, type Scope } from "./token.ts";

/** A rule of `[[vars.TRUSTED]]`: who holds an identity token with these claims gets a token for a short time. */
export const trusted = z.strictObject({
  issuer: upstreamAddress,
  claims: z.record(
    z.string(),
    z.string().check(z.minLength(1, 'must be a text, in which "*" stands for any characters')),
  ),
  index: z.string(),
  scopes: z
    .array(z.enum(SCOPES, `must be one of: ${SCOPES.join(", ")}`))
    .check(z.minLength(1, "must name at least one")),
  projects: z.optional(patterns),
});

/** One of these rules. */
export interface TrustedConfig {
  /** As the `iss` claim has it, without a final slash. */
  readonly issuer: string;
  /** By the name of a claim, the values it may have: `*` stands for any characters. */
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
  return shapes.map((shape, at) => {
    if (!indexes.some(({ name }) => name === shape.index)) {
      problems.push(`TRUSTED.${at}.index: there is no INDEXES.${shape.index}`);
    }
    // Any workflow of any repository has a token of this issuer.
    if (Object.keys(shape.claims).length === 0) problems.push(`TRUSTED.${at}.claims: must name at least one claim`);
    return { ...shape, issuer: shape.issuer.href.replace(/\/$/, "") };
  });
}
