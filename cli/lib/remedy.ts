import { saysFull } from "../../server/disk-full.ts";
import { codeOf } from "../../server/sqlite/codes.ts";

const WRITABLE = "Mount the disk so that it can be written, or name a place on another one.";
const ACCESS = "Give this user access to it, or run the command as its owner.";

/** What to do where the command fails again as long as nothing else is done. */
const FIRST: Readonly<Record<string, string>> = {
  EROFS: WRITABLE,
  EACCES: ACCESS,
  EPERM: ACCESS,
  SQLITE_CANTOPEN: "Look whether this user may write in its folder.",
  SQLITE_READONLY: "Look whether this user may write it, and whether its disk is mounted so that it can be written.",
};

/**
 * What to do about an error in the middle of a command.
 *
 * @param again the sentence that the command can be run again
 */
export function remedyOf(error: unknown, again: string): string {
  if (saysFull(error)) return `Make room on that disk. ${again}`;
  const { code = "" } = error as NodeJS.ErrnoException;
  return FIRST[code] ?? FIRST[codeOf(error) ?? ""] ?? again;
}
