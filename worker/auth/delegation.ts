import { changesPackages } from "../../schema/token.ts";
import { IndexError } from "../errors.ts";
import { coversPattern } from "../pypi/pattern.ts";
import { isPermitted, SOME_PROJECT, type Grant, type Principal } from "./principal.ts";

/**
 * Throws `not-allowed` where a new token would be valid for projects that its creator's token does not cover. The creator
 * must already be allowed to `admin` the index.
 */
export function requireDelegableProjects(principal: Principal, grant: Grant): void {
  if (coversProjects(principal.projects, grant)) return;
  const theirs = grant.projects ? `for ${grant.projects.join(", ")}` : "for all projects";
  throw refused(principal, `covers only ${principal.projects?.join(", ")}: it cannot create a token ${theirs}.`);
}

/**
 * Whether this principal could have created the token, by its index and projects. Only such tokens are shown to the
 * principal and can be revoked by it. The expiry does not matter: somebody may have to revoke a token that outlives their
 * own.
 */
export const mayAdminister = (principal: Principal, grant: Grant): boolean =>
  isPermitted(principal, { scope: "admin", index: grant.index, project: SOME_PROJECT }) &&
  coversProjects(principal.projects, grant);

/**
 * Throws `not-allowed` where a new token would expire later than its creator's. `expiresAt` in milliseconds since the
 * epoch.
 */
export function requireNoLaterExpiry(principal: Principal, expiresAt: number | undefined): void {
  const own = principal.expiresAt;
  if (own === undefined || (expiresAt !== undefined && expiresAt <= own)) return;
  const when = new Date(own).toISOString();
  throw refused(principal, `expires at ${when}, and a token that it creates must expire by then: set "expires".`);
}

const refused = ({ name }: Principal, sentence: string) =>
  new IndexError("not-allowed", `The token ${JSON.stringify(name)} ${sentence}`);

/** A token that can only read and warm may do so with the whole index, so its projects do not matter. */
function coversProjects(own: Grant["projects"], { scopes, projects }: Grant): boolean {
  if (!own || !scopes.some(changesPackages)) return true;
  return projects?.every((narrower) => own.some((pattern) => coversPattern(pattern, narrower))) ?? false;
}
