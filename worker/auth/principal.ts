import type { Scope } from "../../schema/token.ts";
import { IndexError } from "../errors.ts";
import { matcher } from "../pypi/pattern.ts";
import type { ProjectName } from "../pypi/name.ts";

/** What a token is for. */
export interface Grant {
  /** An index's name; `*`: every index. */
  readonly index: string;
  readonly scopes: readonly Scope[];
  /** Patterns of the projects that it may write; undefined: any. Who may read, reads the whole index. */
  readonly projects?: readonly string[] | undefined;
}

/** Whoever has shown who they are. */
export interface Principal extends Grant {
  /** A token's id, `admin`, or the issuer of an identity token: what the audit log calls them. */
  readonly id: string;
  /** What people call them. */
  readonly name: string;
  /** Milliseconds since the epoch; undefined: what they show does not expire. */
  readonly expiresAt?: number | undefined;
}

/** A project that is not known yet; who may write any at all goes on, and is asked again when it is. */
export const SOME_PROJECT = Symbol("some project");

/** An index that is not known yet; who may do the same with any at all goes on, and is asked again when it is. */
export const SOME_INDEX = Symbol("some index");

/** What somebody wants to do. */
export interface Wish {
  readonly scope: Scope;
  /** `*`: with the whole installation. */
  readonly index: string | typeof SOME_INDEX;
  /** The project that is to be written; left out where it is no write, or about no one project. */
  readonly project?: ProjectName | typeof SOME_PROJECT | undefined;
}

/** The holder of `ADMIN_TOKEN`. */
export const ADMIN: Principal = { id: "admin", name: "ADMIN_TOKEN", index: "*", scopes: ["admin"] };

/** Whether they may. `admin` of an index includes all else that can be done with it. */
export function may({ index, scopes, projects }: Grant, wish: Wish): boolean {
  if (index !== "*" && wish.index !== SOME_INDEX && index !== wish.index) return false;
  if (!scopes.includes(wish.scope) && !scopes.includes("admin")) return false;
  const { project } = wish;
  if (wish.scope === "read" || !projects || project === SOME_PROJECT) return true;
  // What is about the whole index is about projects that are not theirs.
  return project !== undefined && projects.some((pattern) => matcher(pattern)(project));
}

/** Throws `not-allowed`, with a sentence that says what their token is for, where they may not. */
export function demand(principal: Principal, wish: Wish): void {
  if (may(principal, wish)) return;
  const { name, index, scopes, projects } = principal;
  const where = wish.index === SOME_INDEX ? "any index" : named(wish.index);
  const object = typeof wish.project === "string" ? `${wish.project} in ${where}` : where;
  const limits = projects ? `, for ${projects.join(", ")}` : "";
  throw new IndexError(
    "not-allowed",
    `The token ${JSON.stringify(name)} may not ${VERBS[wish.scope]} ${object}: it is for ${scopes.join(", ")} on ${named(index)}${limits}.`,
  );
}

/** What a scope lets its holder do, as a verb. */
const VERBS = { read: "read", upload: "upload", yank: "yank", admin: "administer" } as const;

const named = (index: string) => (index === "*" ? "every index" : index);
