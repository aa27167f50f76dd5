import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../demo/process.ts";
import { CommandError } from "../lib/command-error.ts";
import type { PatchFile } from "./patch-file.ts";

/** Paths in patches begin with `a/` and `b/`, as git writes them, or with no such folder. */
const STRIPPED = ["-p1", "-p0"];

/** What git says where the text that a patch expects is not there. */
const NOT_THERE = /patch failed: (?<file>.+):(?<line>\d+)/g;

/**
 * Applies patches to a folder, one after the other: unified diffs, also with the headers of a mail as `git format-patch` writes them.
 *
 * @param folder below a folder of its own, which gets a file for each patch
 * @returns the number of files that each patch has changed
 * @throws CommandError where one does not apply; the folder may then have those before it
 */
export async function applyPatches(folder: string, patches: readonly PatchFile[]): Promise<number[]> {
  const changed: number[] = [];
  for (const [at, patch] of patches.entries()) {
    const path = join(dirname(folder), `${at + 1}.patch`);
    writeFileSync(path, patch.bytes);
    changed.push(await applyOne(folder, path, patch));
  }
  return changed;
}

async function applyOne(folder: string, path: string, { name }: PatchFile): Promise<number> {
  const said: string[] = [];
  for (const stripped of STRIPPED) {
    const { code, output } = await git(folder, ["--numstat", "--apply", "--verbose", stripped, path]);
    if (code === 0) return Math.max(1, output.split("\n").filter((line) => /^[\d-]+\t[\d-]+\t/.test(line)).length);
    if (code === null) {
      throw new CommandError("Patches are applied by git, which is not on the PATH: install git.");
    }
    said.push(output);
  }
  throw new CommandError(`${name} does not apply: ${reasonOf(said[0] ?? "")}`);
}

/** git looks for a repository in the folders above, and would then skip files that are outside of it. */
const git = (folder: string, args: readonly string[]) =>
  run("git", ["-c", "core.autocrlf=false", "-c", "core.longpaths=true", "apply", "--whitespace=nowarn", ...args], {
    cwd: folder,
    env: { ...withoutRepository(), GIT_CEILING_DIRECTORIES: dirname(folder), LC_ALL: "C" },
  });

/** A hook of git has variables that name its own repository. */
const withoutRepository = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));

function reasonOf(said: string): string {
  const places = [...said.matchAll(NOT_THERE)].map(({ groups }) => `${groups?.["file"]} at line ${groups?.["line"]}`);
  if (places.length > 0) return `${places.join(", ")} is not what the patch expects.`;
  if (/No valid patches|unrecognized input/i.test(said)) return "it has no unified diff in it.";
  const error = said.split("\n").find((line) => line.startsWith("error: "));
  return `${(error?.slice("error: ".length) ?? said.trim()) || "git does not say why"}.`;
}
