/** npm runs a script in the package's own folder; names are meant from where npm was called. `script` is the command's own. */
export function folderOf(script: "lock" | "upload" | "warm"): string {
  const { npm_lifecycle_event: running, INIT_CWD: calledIn } = process.env;
  return running === script && calledIn ? calledIn : process.cwd();
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "a directory, not a file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "permission denied",
};

/** Why a file could not be read or written, in a few words. */
export function whyNot(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
