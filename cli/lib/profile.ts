import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { makeFolder } from "../../server/make-folder.ts";
import { fileErrorText, writeErrorText } from "../../server/file-errors.ts";
import { CommandError } from "./command-error.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";

/** The default server of the commands, and the token for it; `pypi-edge login` writes it. */
const profile = z.object({ url: z.string(), token: z.string() });

export type Profile = z.infer<typeof profile>;

/** The profile's file; only its owner can read it. */
export function profileFile(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  const folder = XDG_CONFIG_HOME || (process.platform === "win32" && APPDATA) || join(homedir(), ".config");
  return join(folder, "pypi-edge", "profile.json");
}

/** The profile; undefined where there is none. Throws a `CommandError` where the file cannot be read. */
export function readProfile(): Profile | undefined {
  const file = profileFile();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CommandError(`${file} cannot be read: ${fileErrorText(error)}.`);
  }
  const { data } = profile.safeParse(parsedJson(text));
  if (data) return data;
  throw new CommandError(`${file} is not a profile of pypi-edge: write it again with pypi-edge login.`);
}

/** Replaces the profile in one step; it makes the folder where it is missing. */
export function writeProfile(made: Profile): void {
  const file = profileFile();
  const draft = `${file}.new`;
  try {
    makeFolder(dirname(file), { mode: 0o700 });
    rmSync(draft, { force: true });
    // A new file: one that is there may be readable by others, or open.
    writeFileSync(draft, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    throw new CommandError(`${file} cannot be written: ${writeErrorText(error)}.`);
  }
}

/** Deletes the profile. @returns whether there was one */
export function deleteProfile(): boolean {
  if (readProfile() === undefined) return false;
  rmSync(profileFile());
  return true;
}
