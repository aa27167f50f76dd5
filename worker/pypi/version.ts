import type { Filename } from "./filename.ts";
import { asProjectName, type ProjectName } from "./name.ts";

/** The characters of versions (PEP 440, and hyphens in older ones). It matches no dot segment, and nothing too long for a key. */
const VERSION = /^[a-z0-9][\w.+!-]{0,99}$/i;

/** Whether a decoded text could be a version. */
export const isVersion = (text: string) => VERSION.test(text);

/** The version in a wheel's or egg's name ends at the next hyphen; in another archive's name, at the ending. */
const FIELDS = /\.(?:whl|egg)$/i;
const ENDING = /\.(?:tar\.[a-z0-9]+|[a-z]+)$/i;

/** The last version that was read: `begin` is what the name of each wheel of it begins with. */
let last: { readonly project: ProjectName; readonly begin: string; readonly version: string } | undefined;

/** The version in the name of a file of `project`, as written there; undefined where the name contains none. */
export function versionOf(filename: Filename, project: ProjectName): string | undefined {
  // On a page the wheels of a version stand together.
  if (last?.project === project && filename.endsWith(".whl") && filename.startsWith(last.begin)) return last.version;
  const rest = afterName(filename, project);
  if (rest === undefined) return undefined;
  const version = FIELDS.test(rest) ? rest.split("-")[0] : rest.replace(ENDING, "");
  if (version === undefined || !isVersion(version)) return undefined;
  last = { project, begin: `${filename.slice(0, filename.length - rest.length)}${version}-`, version };
  return version;
}

/**
 * The part of a file's or directory's name after the project's name and a hyphen; undefined where it is not the project's. Old tools
 * left hyphens in the project's name, so its end can only be found by comparing with `project`.
 */
export function afterName(text: string, project: ProjectName): string | undefined {
  for (let hyphen = text.indexOf("-"); hyphen !== -1; hyphen = text.indexOf("-", hyphen + 1)) {
    if (asProjectName(text.slice(0, hyphen)) === project) return text.slice(hyphen + 1);
  }
  return undefined;
}
