import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../lib/command-error.ts";
import { git } from "./git.ts";
import { patchesIn } from "./mail.ts";
import type { PatchFile } from "./patch-file.ts";

/** Paths in patches begin with `a/` and `b/`, as git writes them, or with no such folder. */
const STRIPPED = ["-p1", "-p0"];

/** What git says where the text that a patch expects is not there. */
const NOT_THERE = /^error: patch failed: (?<file>.+):(?<line>\d+)$/gm;

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
    const own = join(dirname(folder), `patch-${at + 1}`);
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own);
    const parts = await patchesIn(patch, own);
    let files = 0;
    for (const [nth, part] of parts.entries()) {
      const name = parts.length === 1 ? patch.name : `${patch.name}, patch ${nth + 1} of ${parts.length},`;
      files += await applyOne(folder, part, join(own, `${nth + 1}.patch`), name);
    }
    changed.push(files);
  }
  return changed;
}

/** @param path a new file for its bytes. `name`: for messages */
async function applyOne(folder: string, patch: Buffer, path: string, name: string): Promise<number> {
  const said: string[] = [];
  for (const bytes of spellingsOf(patch)) {
    writeFileSync(path, bytes);
    for (const stripped of STRIPPED) {
      const options = ["--whitespace=nowarn", "--numstat", "--apply", "--verbose", stripped, path];
      const { code, output } = await git(folder, ["apply", ...options]);
      if (code === 0) return Math.max(1, output.split("\n").filter((line) => /^[\d-]+\t[\d-]+\t/.test(line)).length);
      if (code === null) {
        throw new CommandError("Patches are applied by git, which is not on the PATH: install git.");
      }
      said.push(output);
    }
  }
  throw new CommandError(`${name} does not apply: ${reasonOf(said[0] ?? "")}`);
}

/** A patch as it is; and, where all of its lines end in CR LF, with plain ends: it was saved so, and the files may not be. */
function spellingsOf(patch: Buffer): readonly Buffer[] {
  const text = patch.toString("latin1");
  return /\r\n/.test(text) && !/(?<!\r)\n/.test(text)
    ? [patch, Buffer.from(text.replaceAll("\r\n", "\n"), "latin1")]
    : [patch];
}

function reasonOf(said: string): string {
  const places = [...said.matchAll(NOT_THERE)].map(({ groups }) => `${groups?.["file"]} at line ${groups?.["line"]}`);
  if (places.length > 0) return `${places.join(", ")} is not what the patch expects.`;
  if (/without full index line/.test(said))
    return "it names a binary file without its bytes: make it with git diff --binary.";
  if (/No valid patches|unrecognized input/i.test(said)) return "it has no unified diff in it.";
  const error = said.split("\n").find((line) => line.startsWith("error: "));
  return `${(error?.slice("error: ".length) ?? said.trim()) || "git does not say why"}.`;
}
