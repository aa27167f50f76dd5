import { existsSync, statSync } from "node:fs";
import { readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../objects/folders.ts";
import { CannotCarryOver } from "./cannot-carry-over.ts";

/** A file that is in a new state directory until all is carried over. It has the path of the old one. */
const UNFINISHED = "carry-over.unfinished";

/** Files that whoever locks a state directory makes in it. */
const LOCK = /^lock\.sqlite/;

/** Whether only a part of an earlier version's state is in a state directory. */
export const isUnfinished = (state: string): boolean => existsSync(join(state, UNFINISHED));

/**
 * Marks a new state directory, which exists, as unfinished. One that was marked before is gone on with.
 *
 * @throws CannotCarryOver as `refuseForeign` does
 */
export async function markUnfinished(from: string, to: string): Promise<void> {
  await refuseForeign(from, to);
  await writeFile(join(to, UNFINISHED), `${await realpath(from)}\n`);
  await syncFolder(to);
}

/**
 * Changes nothing.
 *
 * @throws CannotCarryOver where anything is in the new directory but what a run that was broken off has left
 */
export async function refuseForeign(from: string, to: string): Promise<void> {
  if (!existsSync(to)) return;
  if (!statSync(to).isDirectory())
    throw new CannotCarryOver(`${to} is a file. Name a directory that does not exist yet.`);
  if (isUnfinished(to)) {
    const begun = (await readFile(join(to, UNFINISHED), "utf8")).trim();
    // Empty where the stop came right after it was made.
    if (begun !== "" && begun !== (await realpath(from)))
      throw new CannotCarryOver(`${to} has a part of what is in ${begun}. Name a directory that does not exist yet.`);
  } else if ((await readdir(to)).some((name) => !LOCK.test(name)))
    throw new CannotCarryOver(`${to} is not empty. Name a directory that does not exist yet.`);
}

/** Ends what `markUnfinished` began. All that was carried over must be on the disk. */
export async function markFinished(to: string): Promise<void> {
  await syncFolder(to);
  await rm(join(to, UNFINISHED));
}
