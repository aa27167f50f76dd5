import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";

/**
 * The licences of all packages that files belong to, as one text: whoever passes on a bundle passes on parts of them.
 *
 * @param files paths below the project's folder
 * @throws Error where a package has no text of its licence
 */
export async function licensesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => packageOf(file) ?? []));
  const texts = await Promise.all([...folders].toSorted().map(licenseOf));
  return `This package contains parts of the following ones.\n${texts.join("")}`;
}

/** The folder of the package that a file belongs to; undefined where it is the project's own. */
function packageOf(file: string): string | undefined {
  if (!file.startsWith("node_modules/")) return undefined;
  let folder = dirname(file);
  // A package may have folders with a package.json that only says what kind of modules they have.
  while (!/node_modules\/(?:@[^/]+\/)?[^/]+$/.test(folder)) folder = dirname(folder);
  return existsSync(join(PROJECT_FOLDER, folder, "package.json")) ? folder : undefined;
}

async function licenseOf(folder: string): Promise<string> {
  const path = join(PROJECT_FOLDER, folder);
  const { name, version, license } = JSON.parse(await readFile(join(path, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const file = (await readdir(path)).find((each) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(each));
  if (file === undefined) throw new Error(`${folder} has no text of its licence (${license}).`);
  return `\n${"-".repeat(80)}\n${name} ${version} (${license})\n\n${(await readFile(join(path, file), "utf8")).trim()}\n`;
}
