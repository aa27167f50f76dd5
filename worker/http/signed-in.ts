import type { Authentication } from "../auth/authenticate.ts";
import { isPermitted, type Permission, type Principal } from "../auth/principal.ts";

/** What pages need to let people sign in. */
export type SignIns = Pick<Authentication, "identify" | "signIn">;

/** Who looks at a page, and what they may do. */
export type SignedIn = Principal;

/** Whether they may do something. */
export const may = (who: SignedIn, permission: Permission): boolean => isPermitted(who, permission);
