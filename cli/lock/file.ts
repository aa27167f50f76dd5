import { randomUUID } from "node:crypto";
import { chmod, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileErrorText } from "../../server/file-errors.ts";
import { CommandError } from "../lib/command-error.ts";
import { assertSearchable, formatFor } from "../../worker/locks/formats/recognise.ts";
import { decodeText, markOf } from "../../worker/locks/formats/text.ts";
import type { MappableLock } from "../../worker/locks/mapping/plan.ts";
import { scannerFor } from "../../worker/locks/mapping/scanners.ts";

/** A lock file on the disk; its name is as it was given on the command line. */
export interface LockFile extends MappableLock {
  readonly path: string;
}

/**
 * Reads a lock file.
 *
 * @throws CommandError where it cannot be read, and `unprocessable` where it is not UTF-8, its name is none of a lock file, or it is
 *   evidently not of the format that its name stands for
 */
export async function readLockFile(name: string): Promise<LockFile> {
  const path = resolve(name);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CommandError(`${name}: ${fileErrorText(error)}.`);
  });
  const format = formatFor(basename(path), bytes);
  const lock = decodeText(name, bytes);
  assertSearchable(format, lock);
  return { name, path, text: markOf(bytes) + lock.text, scan: scannerFor(format) };
}

/**
 * Puts `text` in the file's place at once, with the file's mode; a symbolic link stays one.
 *
 * @throws CommandError where it cannot be written; the file is then as it was
 */
export async function writeLockFile({ name, path }: LockFile, text: string): Promise<void> {
  let draft: string | undefined;
  try {
    const target = await realpath(path);
    const { mode } = await stat(target);
    draft = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
    await writeFile(draft, text);
    await chmod(draft, mode);
    await rename(draft, target);
  } catch (error) {
    if (draft !== undefined) await rm(draft, { force: true });
    throw new CommandError(`${name}: ${fileErrorText(error)}.`);
  }
}
