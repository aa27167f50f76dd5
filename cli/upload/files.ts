import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { whyNot } from "../lib/files.ts";
import { CommandError } from "../lib/command-error.ts";

/** A file that is to be uploaded. */
export interface FoundFile {
  readonly path: string;
  /** Its name alone. */
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
}

/** What is taken of a directory. */
const DISTRIBUTION = /\.(?:whl|tar\.gz)$/;

/**
 * The files that are meant: those named, and the wheels and sdists of directories, not of what is below them.
 *
 * @param folder where names are meant from
 * @throws CommandError where there is no such thing, or a directory has none
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
    throw new CommandError(`${name}: ${whyNot(error)}.`);
  }
  throw new CommandError(`${name}: there is no wheel (*.whl) and no sdist (*.tar.gz) in this directory.`);
}
