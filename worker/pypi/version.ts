import type { Filename } from "./filename.ts";
import { asProjectName, type ProjectName } from "./name.ts";

/** What versions are written with (PEP 440, and the hyphens of older ones); never a dot segment, and short enough for keys. */
const VERSION = /^[a-z0-9][\w.+!-]{0,99}$/i;

/** Whether decoded text could be a version. */
export const isVersion = (text: string) => VERSION.test(text);

/** A wheel's and an egg's version ends at the next hyphen; another archive's at its ending. */
const FIELDS = /\.(?:whl|egg)$/i;
const ENDING = /\.(?:tar\.[a-z0-9]+|[a-z]+)$/i;

/** The version in the name of a file of `project`, as it is written there; undefined where the name does not say it. */
export function versionOf(filename: Filename, project: ProjectName): string | undefined {
  const rest = behindName(filename, project);
  if (rest === undefined) return undefined;
  const version = FIELDS.test(rest) ? rest.split("-")[0] : rest.replace(ENDING, "");
  return version !== undefined && isVersion(version) ? version : undefined;
}

/**
 * What follows the project's name and a hyphen, in the name of a file or directory of it. Old tools left hyphens in names, so
 * that only the project says where its own ends.
 */
export function behindName(text: string, project: ProjectName): string | undefined {
  const cut = [...text.matchAll(/-/g)].find(({ index }) => asProjectName(text.slice(0, index)) === project);
  return cut && text.slice(cut.index + 1);
}
