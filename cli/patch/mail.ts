import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git, gitVariables } from "./git.ts";
import type { PatchFile } from "./patch-file.ts";

/** How a mailbox begins, or a mail: `git format-patch` writes both. */
const MAIL = /^(?:From |(?:From|Date|Subject|Message-Id|Return-Path|Received|MIME-Version): )/i;

/**
 * The patches of a file, in their order: those of a mailbox, decoded as `git am` does, each for itself, since a later one changes what an
 * earlier one leaves; else the file as it is.
 *
 * @param folder a new one, for what git writes
 */
export async function patchesIn({ bytes }: PatchFile, folder: string): Promise<readonly Buffer[]> {
  if (!MAIL.test(bytes.subarray(0, 40).toString("latin1"))) return [bytes];
  const mails = join(folder, "mails");
  mkdirSync(mails, { recursive: true });
  const box = join(folder, "mbox");
  writeFileSync(box, bytes);
  // Line ends stay as they are: the files may have such as well.
  const { code } = await git(folder, ["mailsplit", "-b", "--keep-cr", `-o${mails}`, box]);
  if (code !== 0) return [bytes];
  const patches = readdirSync(mails)
    .toSorted()
    .map((name) => patchOf(join(mails, name), folder));
  // A cover letter has none.
  const own = patches.filter((patch) => patch.byteLength > 0);
  return own.length > 0 ? own : [bytes];
}

/** The patch in a mail, without its encoding. */
function patchOf(mail: string, folder: string): Buffer {
  const patch = join(folder, "patch");
  execFileSync("git", ["mailinfo", join(folder, "message"), patch], {
    cwd: folder,
    input: readFileSync(mail),
    env: gitVariables(folder),
    stdio: ["pipe", "ignore", "ignore"],
  });
  return readFileSync(patch);
}
