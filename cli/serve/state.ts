import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../../server/make-folder.ts";
import { codeOf } from "../../server/sqlite/codes.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { refuseNetworkDisk } from "./network-disk.ts";
import { refuseSimulatorsState } from "./simulators-state.ts";

/**
 * Locks the state directory for this process, so that no second server writes to it. The operating system holds the lock,
 * on an SQLite file: it ends with the process, however the process ends.
 *
 * @throws CommandError where another process has it, it cannot be written, or it is on a network file system
 */
export function openState(directory: string): { close(): void } {
  let lock: DatabaseSync | undefined;
  try {
    makeFolder(directory);
    // SQLite says of a directory that may not be written only that it cannot open the file.
    accessSync(directory, constants.W_OK | constants.X_OK);
    refuseNetworkDisk(directory);
    lock = new DatabaseSync(join(directory, "lock.sqlite"));
    // Nothing is ever written to it. A journal on the disk would be begun all the same, which a full disk does not allow.
    lock.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof CommandError) throw error;
    const { code = "" } = error as NodeJS.ErrnoException;
    if (NOT_WRITABLE.has(code)) throw notWritable(directory, error);
    // SQLite has this code for a file system that takes no files, and for a folder that stands where the file should.
    const cannotOpen = codeOf(error) === "SQLITE_CANTOPEN";
    const reason = cannotOpen ? "its file lock.sqlite cannot be made or opened" : fileErrorText(error);
    throw new CommandError(
      codeOf(error) === "SQLITE_BUSY"
        ? `Another pypi-edge uses ${directory}. Stop it, or give this one a directory of its own with --state DIR.`
        : `The state directory ${directory} cannot be used: ${reason}. Choose another one with --state DIR.`,
    );
  }
}

const NOT_WRITABLE = new Set(["EACCES", "EPERM", "EROFS"]);

function notWritable(directory: string, error: unknown): CommandError {
  if ((error as NodeJS.ErrnoException).code === "EROFS")
    return new CommandError(
      `The state directory ${directory} cannot be used: the file system is read-only. Mount it so that it can be written (in a container, its volume without :ro), or choose another one with --state DIR.`,
    );
  const user = process.getuid?.();
  const owner = user === undefined ? "this user" : `the user ${user}`;
  return new CommandError(
    `The state directory ${directory} cannot be used by ${owner}: ${fileErrorText(error)}. Give it to ${owner} (chown; in a container, the volume's owner), or choose another one with --state DIR.`,
  );
}

/** Does something while no server uses a state directory, which is made where there is none. */
export async function whileLocked<Result>(state: string, act: () => Promise<Result>): Promise<Result> {
  const lock = openState(state);
  try {
    return await act();
  } finally {
    lock.close();
  }
}

/** Throws a `CommandError` where a folder is no state directory that can be read now. */
export function refuseNoState(state: string): void {
  refuseSimulatorsState(state);
  if (!existsSync(join(state, "database.sqlite")))
    throw new CommandError(`${state} is no state directory: it has no database. Name the server's with --state DIR.`);
}
