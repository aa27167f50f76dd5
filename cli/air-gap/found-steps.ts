import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { signerOf } from "../../schema/carried-keys.ts";
import { MANIFEST_FILE, SIGNATURE_FILE } from "../../schema/carried.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { readStepManifest, type ReadManifest } from "./chain.ts";

/** A step that folders have, as a whole or in part. */
export interface FoundStep extends ReadManifest {
  readonly signature: string;
  /** Where a volume is; undefined: in none of the folders. */
  find(volume: string): Promise<{ readonly path: string; readonly size: number } | undefined>;
}

/**
 * Finds the steps whose manifests are in folders, the first step first. Their volumes may be in any of the folders.
 *
 * @param keys public keys, one of which must have signed each; none: the server checks that alone
 * @throws CommandError where there is no manifest, one is of another chain, or was changed
 */
export async function foundSteps(folders: readonly string[], keys: readonly string[]): Promise<readonly FoundStep[]> {
  const steps = new Map<string, FoundStep>();
  for (const folder of folders) {
    const file = join(folder, MANIFEST_FILE);
    const { isFolder, isThere } = await sizeOf(folder);
    if (!isFolder) throw new CommandError(isThere ? `${folder} is not a folder.` : `There is no folder ${folder}.`);
    if (!(await sizeOf(file)).isFile) continue;
    const read = await readStepManifest(file);
    const signature = await readFile(join(folder, SIGNATURE_FILE), "utf8").catch((error: unknown) => {
      throw new CommandError(`${join(folder, SIGNATURE_FILE)} cannot be read: ${fileErrorText(error)}.`);
    });
    if (keys.length > 0 && (await signerOf(new TextEncoder().encode(read.text), signature, keys)) === undefined)
      throw new CommandError(`${file} was not signed with this key, or was changed after that. Nothing was imported.`);
    steps.set(read.sha256, { ...read, signature, find: (volume) => foundVolume(folders, volume) });
  }
  const found = [...steps.values()].toSorted((one, other) => one.manifest.sequence - other.manifest.sequence);
  const [first] = found;
  if (!first)
    throw new CommandError(
      `There is no ${MANIFEST_FILE} in ${folders.join(", ")}: name the folder that has it as well, with ${SIGNATURE_FILE} beside it.`,
    );
  for (const [at, { manifest }] of found.entries()) {
    if (manifest.chain !== first.manifest.chain)
      throw new CommandError("The folders have steps of different chains. Import those of one chain at a time.");
    if (at > 0 && manifest.sequence === found[at - 1]?.manifest.sequence)
      throw new CommandError(`The folders have two different manifests of step ${manifest.sequence}.`);
  }
  return found;
}

async function foundVolume(folders: readonly string[], name: string) {
  for (const folder of folders) {
    const path = join(folder, name);
    const { isFile, size } = await sizeOf(path);
    if (isFile) return { path, size };
  }
  return undefined;
}

async function sizeOf(path: string) {
  try {
    const found = await stat(path);
    return { isThere: true, isFile: found.isFile(), isFolder: found.isDirectory(), size: found.size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return { isThere: false, isFile: false, isFolder: false, size: 0 };
    throw new CommandError(`${path}: ${fileErrorText(error)}.`);
  }
}
