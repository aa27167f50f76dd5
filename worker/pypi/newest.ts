import type { ProjectName } from "./name.ts";
import { isYanked, type FileEntry } from "./page.ts";
import { compareVersions, parseVersion, type Version } from "./pep440.ts";
import { versionOf } from "./version.ts";

/**
 * The files of the newest release on a project page that are not yanked. The newest release is the highest final version with such
 * a file; a pre-release counts only where there is no final version. A file without a PEP 440 version in its name is ignored.
 */
export function newestRelease(name: ProjectName, files: readonly FileEntry[]): FileEntry[] {
  let newest: { readonly version: Version; readonly entries: FileEntry[] } | undefined;
  for (const entry of files) {
    if (isYanked(entry)) continue;
    const version = parseVersion(versionOf(entry.filename, name) ?? "");
    if (!version) continue;
    const order = newest ? preference(version, newest.version) : 1;
    if (order > 0) newest = { version, entries: [entry] };
    else if (order === 0) newest?.entries.push(entry);
  }
  return newest?.entries ?? [];
}

/**
 * The files of each release on a project page that are not yanked: the newest release first, final versions before pre-releases. A file
 * without a PEP 440 version in its name is left out.
 */
export function releasesNewestFirst(name: ProjectName, files: readonly FileEntry[]): FileEntry[][] {
  const written = Map.groupBy(files, (entry) => (isYanked(entry) ? undefined : versionOf(entry.filename, name)));
  return [...written]
    .flatMap(([text, entries]) => {
      const version = parseVersion(text ?? "");
      return version ? [{ version, entries }] : [];
    })
    .toSorted((one, other) => preference(other.version, one.version))
    .map(({ entries }) => entries);
}

/** Positive where `one` is preferred: a final version to a pre-release, then the higher version. */
function preference(one: Version, other: Version): number {
  return Number(other.isPrerelease) - Number(one.isPrerelease) || compareVersions(one, other);
}
