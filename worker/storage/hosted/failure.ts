import { storageFailed } from "../../errors.ts";

/** Does what a store is asked to; where that fails, it is `storage-failed`, whatever was thrown. */
export async function orStorageFailed<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storageFailed(error);
  }
}
