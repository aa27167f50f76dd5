import { IndexError } from "../errors.ts";
import { includes } from "../pypi/pattern.ts";
import { may, SOME_PROJECT, type Grant, type Principal } from "./principal.ts";

/** Throws `not-allowed` where a token would be for other projects than those of who makes it. Asked of who may `admin` its index. */
export function demandProjects(principal: Principal, grant: Grant): void {
  if (coversProjects(principal.projects, grant)) return;
  const theirs = grant.projects ? `for ${grant.projects.join(", ")}` : "for all projects";
  throw refused(principal, `is for ${principal.projects?.join(", ")} alone: it cannot make one that is ${theirs}.`);
}

/**
 * Whether a token is for an index and projects that the other's holder administers, so that they could have made it: others are neither
 * shown to them nor revoked by them. How long it lives is no matter: who comes later may have to end it.
 */
export const administers = (principal: Principal, grant: Grant): boolean =>
  may(principal, { scope: "admin", index: grant.index, project: SOME_PROJECT }) &&
  coversProjects(principal.projects, grant);

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
