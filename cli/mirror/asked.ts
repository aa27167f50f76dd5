import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../../worker/errors.ts";
import { readLock } from "../../worker/locks/formats/read.ts";
import { parseRequirement } from "../../worker/pypi/requirement.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

/** The options that say what is asked for. */
export interface AskedOptions {
  readonly requirements?: readonly string[] | undefined;
  readonly lock?: readonly string[] | undefined;
  readonly pattern?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
}

/**
 * The projects that a command line asks for, as the API takes them. Says on standard error what a file names that comes from no index.
 *
 * @throws CommandError where a file cannot be read, or nothing is asked for
 */
export async function askedProjects(names: readonly string[], options: AskedOptions): Promise<string[]> {
  const { requirements = [], lock = [], pattern = [], all = false } = options;
  const asked = [...names, ...pattern, ...(all ? ["*"] : [])];
  for (const file of requirements) asked.push(...requirementTexts(file, await textOf(file)));
  for (const file of lock) asked.push(...lockedIn(file, await bytesOf(file)));
  if (asked.length === 0) throw usageError("Name projects, or --requirements, --lock, --pattern or --all.");
  return [...new Set(asked)];
}

async function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(resolve(file)).catch((error: unknown) => {
    throw new CommandError(`${file}: ${fileErrorText(error)}.`);
  });
}

const textOf = async (file: string) => new TextDecoder().decode(await bytesOf(file));

/** The requirements of pip's file, without markers and hashes: they are mirrored for any environment. */
export function requirementTexts(file: string, text: string): string[] {
  const lines = text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/);
  return lines.flatMap((line, at) => {
    const [uncommented = ""] = line.split(/(?:^|\s)#/, 1);
    const [requirement = ""] = uncommented.trim().split(/\s--[a-z]/, 1);
    const where = `${file}, line ${at + 1}`;
    if (/^(?:-[rc]|--requirement|--constraint)/.test(requirement)) {
      throw new CommandError(
        `${where}: ${escaped(requirement)} names another file: give that one with --requirements, too.`,
      );
    }
    if (requirement === "" || requirement.startsWith("-")) return [];
    const parsed = parseRequirement(requirement);
    if (!parsed)
      throw new CommandError(`${where}: ${escaped(requirement.slice(0, 80))} is not a requirement (PEP 508).`);
    if (parsed.url !== undefined) {
      console.error(`${where}: ${parsed.name} comes from an address, so it is left out.`);
      return [];
    }
    const extras = parsed.extras.length > 0 ? `[${parsed.extras.join(",")}]` : "";
    return [`${parsed.name}${extras}${parsed.specifiers}`];
  });
}

function lockedIn(file: string, bytes: Uint8Array): string[] {
  try {
    const { packages, elsewhere } = readLock(file, bytes);
    if (elsewhere.length > 0)
      console.error(`${file}: not from an index, so left out: ${escaped(elsewhere.join(", "))}.`);
    return packages.map(({ name, version }) => `${name}==${version}`);
  } catch (error) {
    throw new CommandError(messageOf(error));
  }
}
