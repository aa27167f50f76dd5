import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError } from "../lib/command-error.ts";
import { git, gitVariables } from "./git.ts";
import type { PatchFile } from "./patch-file.ts";

/** How a mailbox begins, or a mail: `git format-patch` writes both. */
const MAIL = /^(?:From |(?:From|Date|Subject|Message-Id|Return-Path|Received|MIME-Version): )/i;

/**
 * The patches of a file, in their order: those of a mailbox, decoded as `git am` does, each for itself, since a later one changes what an
 * earlier one leaves; else the file as it is.
 *
 * @param folder a new one, for what git writes
 * @throws CommandError where git cannot decode a mail
 */
export async function patchesIn({ name, bytes }: PatchFile, folder: string): Promise<readonly Buffer[]> {
  if (!MAIL.test(bytes.subarray(0, 40).toString("latin1"))) return [bytes];
  const mails = join(folder, "mails");
  makeFolder(mails);
  const box = join(folder, "mbox");
  writeFileSync(box, bytes);
  // Line ends stay as they are: the files may have such as well.
  const { code } = await git(folder, ["mailsplit", "-b", "--keep-cr", `-o${mails}`, box]);
  if (code !== 0) return [bytes];
  const patches = readdirSync(mails)
    .toSorted()
    .map((each, at, all) => patchOf(join(mails, each), folder, nameOf(name, at, all.length)));
  // A cover letter has none.
  const own = patches.filter((patch) => patch.byteLength > 0);
  return own.length > 0 ? own : [bytes];
}

const nameOf = (file: string, at: number, of: number) => (of === 1 ? file : `${file}, mail ${at + 1} of ${of}`);

/** The patch in a mail, without its encoding. Throws a `CommandError` that begins with `name` where git cannot decode it. */
function patchOf(mail: string, folder: string, name: string): Buffer {
  const patch = join(folder, "patch");
  const { status, stderr } = spawnSync("git", ["mailinfo", join(folder, "message"), patch], {
    cwd: folder,
    input: readFileSync(mail),
    env: gitVariables(folder),
    encoding: "utf8",
    stdio: ["pipe", "ignore", "pipe"],
  });
  if (status === 0) return readFileSync(patch);
  const reason = /^(?:error|fatal): (.+)$/m.exec(stderr)?.[1] ?? "it does not say why";
  throw new CommandError(`${name}: git cannot decode this mail (${reason}). Give --patch a file with the diff alone.`);
}
