import type { ProjectName } from "./name.ts";
import { isYanked, type FileEntry } from "./page.ts";
import { canonicalVersion, compareVersions, parseVersion, type Version } from "./pep440.ts";
import { versionOf } from "./version.ts";

/**
 * The files of the newest release on a project page that are not yanked. The newest release is the highest final version with such
 * a file; a pre-release counts only where there is no final version. A file without a PEP 440 version in its name is ignored.
 */
export const newestRelease = (name: ProjectName, files: readonly FileEntry[]): FileEntry[] =>
  releasesNewestFirst(name, files)[0] ?? [];

/**
 * The files of each release on a project page that are not yanked: the newest release first, final versions before pre-releases. A file
 * without a PEP 440 version in its name is left out. Files of spellings of one version are together.
 */
export function releasesNewestFirst(name: ProjectName, files: readonly FileEntry[]): FileEntry[][] {
  const shown = files.filter((entry) => !isYanked(entry));
  // A page has thousands of files, and far fewer spellings, which alone are parsed.
  const spelled = Map.groupBy(shown, ({ filename }) => versionOf(filename, name) ?? "");
  const releases = Map.groupBy(spelled, ([text]) => canonicalVersion(text));
  return [...releases]
    .flatMap(([text, spellings]) => {
      const version = parseVersion(text);
      return version ? [{ version, entries: spellings.flatMap(([, entries]) => entries) }] : [];
    })
    .toSorted((one, other) => preference(other.version, one.version))
    .map(({ entries }) => entries);
}

/** Positive where `one` is preferred: a final version to a pre-release, then the higher version. */
function preference(one: Version, other: Version): number {
  return Number(other.isPrerelease) - Number(one.isPrerelease) || compareVersions(one, other);
}
