import { IndexError } from "../errors.ts";
import { includes } from "../pypi/pattern.ts";
import type { Grant, Principal } from "./principal.ts";

/**
 * Throws `not-allowed` where a token is, or would be, for other projects than those of whoever makes or revokes it. Asked of
 * who may `admin` its index, which includes every scope.
 */
export function demandProjects(principal: Principal, grant: Grant): void {
  if (coversProjects(principal.projects, grant)) return;
  const theirs = grant.projects ? `for ${grant.projects.join(", ")}` : "for all projects";
  throw refused(
    principal,
    `is for ${principal.projects?.join(", ")} alone: it cannot make or revoke one that is ${theirs}.`,
  );
}

/** Throws `not-allowed` where a token would outlive the one that makes it. `expiresAt` in milliseconds since the epoch. */
export function demandNoLonger(principal: Principal, expiresAt: number | undefined): void {
  const own = principal.expiresAt;
  if (own === undefined || (expiresAt !== undefined && expiresAt <= own)) return;
  const when = new Date(own).toISOString();
  throw refused(principal, `expires at ${when}, and one that it makes must do so by then: give it "expires".`);
}

const refused = ({ name }: Principal, sentence: string) =>
  new IndexError("not-allowed", `The token ${JSON.stringify(name)} ${sentence}`);

/** Who may only read, reads the whole index whatever its projects are. */
function coversProjects(own: Grant["projects"], { scopes, projects }: Grant): boolean {
  if (!own || scopes.every((scope) => scope === "read")) return true;
  return projects?.every((narrower) => own.some((pattern) => includes(pattern, narrower))) ?? false;
}
