import { readLock } from "../../worker/locks/formats/read.ts";
import { addressText, type Address } from "../../worker/locks/mapping/address.ts";
import { planListed } from "../../worker/locks/mapping/listed.ts";
import type { Plan } from "../../worker/locks/mapping/plan.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import { inPool } from "../../worker/repository/pool.ts";
import { indexReader, RefusedByIndex } from "../air-gap/index-reader.ts";
import { CommandError } from "../lib/command-error.ts";
import { UnusableFile } from "../migrate/source.ts";
import type { LockFile } from "./file.ts";

/** Pages that are read at the same time. */
const PAGES = 4;

/**
 * Maps a lock's URLs to those of an index, which is asked where it has each file.
 *
 * @param root the index's address
 * @param token for an index that not everybody may read
 * @throws CommandError where the index cannot be asked; `unprocessable` where it does not have what is locked
 */
export async function planByDigest(file: LockFile, root: Address, token: string | undefined): Promise<Plan> {
  const lock = readLock(file.path, new TextEncoder().encode(file.text));
  const reader = indexReader({ url: new URL(`${addressText(root)}/`), token }, "default");
  const names = [...new Set(lock.packages.map(({ name }) => name))];
  const pages = await inPool(PAGES, names, async (name): Promise<[ProjectName, readonly FileEntry[]] | undefined> => {
    try {
      return [name, (await reader.page(name)).files];
    } catch (error) {
      if (error instanceof RefusedByIndex && error.isForAll) return undefined;
      if (error instanceof RefusedByIndex || error instanceof UnusableFile) throw new CommandError(error.message);
      throw error;
    }
  });
  return planListed(file, { root, lock, listed: new Map(pages.filter((each) => each !== undefined)) });
}
