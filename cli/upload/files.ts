import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileErrorText } from "../../server/file-errors.ts";
import { CommandError } from "../lib/command-error.ts";

/** A file to upload. */
export interface FoundFile {
  readonly path: string;
  /** Its name alone. */
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
}

/** The files that are uploaded from a directory. */
const DISTRIBUTION = /\.(?:whl|tar\.gz)$/;

/**
 * The files to upload: the named ones, and the wheels and sdists directly in the named directories.
 *
 * @param folder the folder that relative names start from
 * @throws CommandError where a name does not exist, or a directory has no wheel and no sdist
 */
export function foundFiles(names: readonly string[], folder: string): FoundFile[] {
  const found = names.flatMap((name) => filesOf(name, resolve(folder, name)));
  return [...new Map(found.map((file) => [file.path, file])).values()];
}

function filesOf(name: string, path: string): FoundFile[] {
  try {
    const stats = statSync(path);
    if (!stats.isDirectory()) return [{ path, filename: basename(path), size: stats.size }];
    const entries = readdirSync(path).filter((entry) => DISTRIBUTION.test(entry));
    const files = entries
      .toSorted()
      .map((filename) => ({ path: join(path, filename), filename, stats: statSync(join(path, filename)) }))
      .filter((file) => file.stats.isFile());
    if (files.length > 0) return files.map(({ stats: { size }, ...file }) => ({ ...file, size }));
  } catch (error) {
    throw new CommandError(`${name}: ${fileErrorText(error)}.`);
  }
  throw new CommandError(`${name}: there is no wheel (*.whl) and no sdist (*.tar.gz) in this directory.`);
}
