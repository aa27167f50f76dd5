import type { Principal } from "./principal.ts";

/** Every kind of write that the audit log knows. */
export type Action =
  | "upload"
  | "yank"
  | "unyank"
  | "delete"
  | "status"
  | "promote"
  | "token.create"
  | "token.revoke"
  | "token.mint";

/** Who writes, and from where. */
export interface Author {
  readonly principal: Principal;
  /** The address that the request came from; empty where it is not known. */
  readonly origin: string;
}

/** A write, as the audit log keeps it. */
export interface Deed extends Author {
  readonly action: Action;
  readonly index: string;
  /** Empty where it is about no project. */
  readonly project: string;
  /** What of it: a filename, a version, a token's id; empty where it is about the whole. */
  readonly subject: string;
  /** What else there is to say; no secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}
