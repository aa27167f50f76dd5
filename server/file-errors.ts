import { existsSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, withoutStop } from "../worker/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "there is a file of that name",
  ENOENT: "there is no such file",
  EISDIR: "a directory, not a file",
  ERR_FS_EISDIR: "a directory, not a file",
  ENOTDIR: "a part of its path is not a directory",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the user's quota of the disk is used up",
  EIO: "the disk reports an error",
};

const FOLDER_REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "a file, not a folder",
};

/** Why a file could not be read or written, in a few words. */
export function fileErrorText(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/** Why a folder could not be read, in a few words. */
export function folderErrorText(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  return FOLDER_REASONS[code] ?? fileErrorText(error);
}

/** Why a file could not be made or written, in a few words. */
export function writeErrorText(error: unknown): string {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT") return fileErrorText(error);
  if (path === undefined || !existsSync(dirname(path))) return "its folder does not exist";
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? "it is a link that leads nowhere" : "the file system of its folder takes no files";
}

/** Whether an error is one of a file or folder, or has such a one as its cause: what to do about it is not the code's. */
export function isFileError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return ((error as NodeJS.ErrnoException).code ?? "") in REASONS || isFileError(error.cause);
}

/** What could not be done, for a sentence that does not name the file: an error of the file system with its path, others as they say it; without a final stop. */
export function pathErrorText(error: unknown): string {
  const { code = "", path } = error as NodeJS.ErrnoException;
  return code in REASONS ? `${path === undefined ? "" : `${path}: `}${REASONS[code]}` : withoutStop(messageOf(error));
}
