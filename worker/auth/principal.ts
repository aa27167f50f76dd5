import { changesPackages, type Scope, indexText } from "../../schema/token.ts";
import { IndexError } from "../errors.ts";
import { matcher } from "../pypi/pattern.ts";
import type { ProjectName } from "../pypi/name.ts";

/** What a token allows. */
export interface Grant {
  /** An index's name; `*`: every index. */
  readonly index: string;
  readonly scopes: readonly Scope[];
  /** Patterns of the projects that it may write; undefined: any. Reading and warming always cover the whole index. */
  readonly projects?: readonly string[] | undefined;
}

/** An authenticated sender. */
export interface Principal extends Grant {
  /** A token's id, `admin`, an identity token's issuer, `upstream` or `keep`; recorded in the audit log. */
  readonly id: string;
  /** A name that people gave it. */
  readonly name: string;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt?: number | undefined;
}

/**
 * Stands for a project that is not known yet. A principal that may write any project passes, and is checked again when
 * the project is known.
 */
export const SOME_PROJECT = Symbol("some project");

/**
 * Stands for an index that is not known yet. A principal that has the permission on any index passes, and is checked
 * again when the index is known.
 */
export const SOME_INDEX = Symbol("some index");

/** What a request needs to be allowed. */
export interface Permission {
  readonly scope: Scope;
  /** `*`: the whole installation. */
  readonly index: string | typeof SOME_INDEX;
  /** The project that is written. Left out for reads, and for writes that concern no single project. */
  readonly project?: ProjectName | typeof SOME_PROJECT | undefined;
}

/** The principal of `ADMIN_TOKEN`. */
export const ADMIN: Principal = { id: "admin", name: "ADMIN_TOKEN", index: "*", scopes: ["admin"] };

/** Whether a grant includes a permission. `admin` on an index includes every other scope on it. */
export function isPermitted({ index, scopes, projects }: Grant, permission: Permission): boolean {
  if (index !== "*" && permission.index !== SOME_INDEX && index !== permission.index) return false;
  if (!scopes.includes(permission.scope) && !scopes.includes("admin")) return false;
  const { project } = permission;
  if (!changesPackages(permission.scope) || !projects || project === SOME_PROJECT) return true;
  // A write that concerns the whole index also concerns projects that the token does not cover.
  return project !== undefined && projects.some((pattern) => matcher(pattern)(project));
}

/** Throws `not-allowed` where a principal lacks a permission. The message says what its token is for. */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (isPermitted(principal, permission)) return;
  const { name, index, scopes, projects } = principal;
  const where = permission.index === SOME_INDEX ? "any index" : indexText(permission.index);
  const object = typeof permission.project === "string" ? `${permission.project} in ${where}` : where;
  const limits = projects ? `, for ${projects.join(", ")}` : "";
  throw new IndexError(
    "not-allowed",
    `The token ${JSON.stringify(name)} may not ${VERBS[permission.scope]} ${object}: it is for ${scopes.join(", ")} on ${indexText(index)}${limits}.`,
  );
}

/** Scopes as verbs, for messages. */
const VERBS = { read: "read", warm: "warm", upload: "upload", yank: "yank", admin: "administer" } as const;
