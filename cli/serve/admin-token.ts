import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../lib/command-error.ts";
import { writeErrorText } from "../../server/file-errors.ts";

/** The file in which `npm start` stores its admin token for the other commands. */
export const tokenFile = (state: string) => join(state, "admin-token");

/** The admin token of the server whose state is in the directory `state`: the stored one, else a new one. */
export function adminToken(state: string): string {
  const stored = orSentence(state, (file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : ""));
  // After a power failure a file can have its length and be full of zeros.
  return stored === "" || stored.includes("\0") ? randomBytes(32).toString("base64url") : stored;
}

/** Stores the token for the other commands. Only the file's owner can read it. */
export function keepAdminToken(state: string, token: string): void {
  orSentence(state, (file) => {
    if (isKept(file, token)) return;
    // A new file: an existing one may be readable by other users, or open in another process.
    const aside = `${file}.new`;
    rmSync(aside, { force: true });
    // On the disk before the server says it: the state directory is synced when its stores are opened.
    writeFileSync(aside, `${token}\n`, { mode: 0o600, flag: "wx", flush: true });
    renameSync(aside, file);
  });
}

/** Whether the file is as it should be: nothing is written then, which a full disk would not allow. */
const isKept = (file: string, token: string) =>
  existsSync(file) && (statSync(file).mode & 0o777) === 0o600 && readFileSync(file, "utf8") === `${token}\n`;

function orSentence<T>(state: string, act: (file: string) => T): T {
  const file = tokenFile(state);
  try {
    return act(file);
  } catch (error) {
    throw new CommandError(`The admin token cannot be stored in ${file}: ${writeErrorText(error)}.`);
  }
}
