import { dirname } from "node:path";
import { run } from "../demo/process.ts";

/**
 * Runs git in a folder, as one that is in no repository: git looks for one in the folders above, and would then skip files that are
 * outside of it; a hook of git has variables that name its own.
 */
export const git = (folder: string, args: readonly string[]) =>
  run("git", ["-c", "core.autocrlf=false", "-c", "core.longpaths=true", ...args], {
    cwd: folder,
    env: gitVariables(folder),
  });

/** The variables with which git runs in a folder. */
export const gitVariables = (folder: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  GIT_CEILING_DIRECTORIES: dirname(folder),
  LC_ALL: "C",
});
