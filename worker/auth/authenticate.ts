import { IndexError } from "../errors.ts";
import type { Context } from "../repository/repository.ts";
import { shownIn } from "./credentials.ts";
import { ADMIN, demand, type Principal, type Wish } from "./principal.ts";
import { isSame } from "./same.ts";

/** A request, as far as it says who makes it. */
export interface Claimant {
  /** Its `Authorization` header. */
  readonly authorization: string | undefined;
  /** The address it came from; empty where it is not known. */
  readonly origin: string;
}

/**
 * Lets through who may do what is wished, and says who that is.
 *
 * @throws IndexError `not-authenticated` where no good token is shown, `not-allowed` where it is not for this
 */
export type Admit = (claimant: Claimant, wish: Wish, ctx: Context) => Promise<Principal>;

/** What is needed to tell who somebody is. */
export interface AuthParts {
  /** undefined: there is no such token. */
  readonly adminToken: string | undefined;
}

/** Knows the holder of the admin token. */
export function admitting({ adminToken }: AuthParts): Admit {
  return async ({ authorization }, wish) => {
    const shown = shownIn(authorization);
    if (shown === undefined) throw new IndexError("not-authenticated", UNSHOWN);
    if (adminToken === undefined || !(await isSame(shown, adminToken))) {
      throw new IndexError("not-authenticated", "This token is not known here.");
    }
    demand(ADMIN, wish);
    return ADMIN;
  };
}

const UNSHOWN =
  "A token is needed here: as the password, with any user name (https://__token__:TOKEN@…), or as Authorization: Bearer TOKEN.";
