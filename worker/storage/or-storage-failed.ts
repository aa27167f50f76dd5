import { UNKNOWN_TOKEN } from "../auth/token-form.ts";
import { IndexError, messageOf, storageFailed } from "../errors.ts";
import { IS_OF_REVOKED } from "./d1/audit-entry.ts";

/** Runs a store operation; any error is thrown as `failureOf` says, with this sentence where it is given. */
export async function orStorageFailed<Result>(work: () => Promise<Result>, sentence?: string): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error, sentence);
  }
}

/**
 * What a store's error is for the client: `not-authenticated` where a change was refused because its author has been revoked, else
 * `storage-failed`.
 */
export const failureOf = (error: unknown, sentence?: string): IndexError =>
  IS_OF_REVOKED.test(messageOf(error))
    ? new IndexError("not-authenticated", UNKNOWN_TOKEN, { cause: error })
    : storageFailed(error, sentence);
