const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "there is a file of that name",
  ENOENT: "there is no such file",
  EISDIR: "a directory, not a file",
  ENOTDIR: "a part of its path is not a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the user's quota of the disk is used up",
};

/** Why a file could not be read or written, in a few words. */
export function fileErrorText(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/** Why a file could not be made or written, in a few words. */
export const writeErrorText = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === "ENOENT" ? "its folder does not exist" : fileErrorText(error);
