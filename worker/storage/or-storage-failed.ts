import { storageFailed } from "../errors.ts";

/** Runs a store operation; any error is thrown as `storage-failed`. */
export async function orStorageFailed<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storageFailed(error);
  }
}
