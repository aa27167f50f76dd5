import type { AUDIT_ACTIONS } from "../../schema/audit.ts";
import type { Principal } from "./principal.ts";

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who makes a change, and from which address. */
export interface Author {
  readonly principal: Principal;
  /** The address that the request came from; empty where it is not known. */
  readonly origin: string;
}

/** A change that is to be written to the audit log. */
export interface NewAuditEntry extends Author {
  readonly action: AuditAction;
  readonly index: string;
  /** Empty where the change concerns no project. */
  readonly project: string;
  /** What was changed: a filename, a version or a token's id. Empty where the change concerns the whole project or index. */
  readonly subject: string;
  /** Further facts. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}
