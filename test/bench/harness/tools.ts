/** Programs and directories that the benchmarks need and cannot bring along. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

export const REPOSITORY_ROOT = resolve(import.meta.dirname, "../../..");

/** Ends the benchmark with one line a person can act on. */
export function giveUp(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

/** The first of `names` on PATH (and where Debian keeps servers). */
export function findProgram(...names: readonly string[]): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const name of names) {
    for (const directory of directories) {
      const candidate = join(directory, name);
      if (directory !== "" && isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** A directory named by an environment variable, else the usual one. */
export function neededDirectory(variable: string, usual: string): string {
  const directory = resolve(REPOSITORY_ROOT, process.env[variable] ?? usual);
  if (!existsSync(directory)) giveUp(`${variable}: no directory ${directory}`);
  return directory;
}

/** The number that an option says, from 1 to `most`. */
export function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) giveUp(`${name}: 1 to ${most}`);
  return value;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
