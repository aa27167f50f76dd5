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

async function licenseOf(folder: string, _: number, folders: readonly string[]): Promise<string> {
  const { name, version, license, repository } = await manifestOf(folder);
  const text = (await textOf(folder)) ?? (await textOfRepository(repository?.url, license, folders));
  if (text === undefined) throw new Error(`${folder} has no text of its licence (${license}).`);
  return `\n${"-".repeat(80)}\n${name} ${version} (${license})\n\n${text}\n`;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly repository?: { readonly url?: string };
}

const manifestOf = async (folder: string) =>
  JSON.parse(await readFile(join(PROJECT_FOLDER, folder, "package.json"), "utf8")) as Manifest;

async function textOf(folder: string): Promise<string | undefined> {
  const path = join(PROJECT_FOLDER, folder);
  const file = (await readdir(path)).find((each) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(each));
  return file === undefined ? undefined : (await readFile(join(path, file), "utf8")).trim();
}

/** The text that another package of the same repository has, where the licence is the same. */
async function textOfRepository(url: string | undefined, license: string, folders: readonly string[]) {
  for (const folder of folders) {
    const other = await manifestOf(folder);
    const text =
      url !== undefined && other.repository?.url === url && other.license === license && (await textOf(folder));
    if (text) return text;
  }
  return undefined;
}
