import { existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

interface FolderOptions {
  /** That of the folders that are made; without it, what the process gives new folders. */
  readonly mode?: number;
}

/**
 * Makes a folder, and those above it that are missing. One that is there stays as it is.
 *
 * Node's own `recursive` is not used: below a folder that takes none, such as `/proc`, it never ends.
 *
 * @throws Error of the system; where a link leads nowhere, or the file system takes no folders, its message says so
 */
export function makeFolder(path: string, options: FolderOptions = {}): void {
  try {
    mkdirSync(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && isFolder(path)) return;
    if (code === "EEXIST" && isLinkToNowhere(path))
      throw new Error(`${path} is a link that leads nowhere`, { cause: error });
    if (code !== "ENOENT") throw error;
    if (existsSync(dirname(path)))
      throw new Error(`the file system of ${dirname(path)} takes no folders`, { cause: error });
    makeFolder(dirname(path), options);
    makeFolder(path, options);
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isLinkToNowhere = (path: string): boolean => !existsSync(path) && lstatSync(path).isSymbolicLink();
