import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorText, CommandError } from "../lib/command-error.ts";

/** Where `npm start` keeps its admin token, and the other commands look for it. */
export const tokenFile = (state: string) => join(state, "admin-token");

/** The admin token of the server whose state is in the directory `state`: what was kept there, or a new one. */
export function adminToken(state: string): string {
  const kept = orSentence(state, (file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : ""));
  return kept || randomBytes(32).toString("base64url");
}

/** Keeps the token for the other commands, readable for its owner alone. */
export function keepAdminToken(state: string, token: string): void {
  orSentence(state, (file) => {
    // Written into a file that was there, it could be read by whoever may read that, or has it open.
    const aside = `${file}.new`;
    rmSync(aside, { force: true });
    writeFileSync(aside, `${token}\n`, { mode: 0o600, flag: "wx" });
    renameSync(aside, file);
  });
}

function orSentence<T>(state: string, act: (file: string) => T): T {
  const file = tokenFile(state);
  try {
    return act(file);
  } catch (error) {
    const reason = errorText(error);
    throw new CommandError(`The admin token cannot be kept in ${file}: ${reason}.`);
  }
}
