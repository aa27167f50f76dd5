import type { ProjectName } from "./name.ts";
import type { FileEntry } from "./page.ts";
import { compareVersions, parseVersion, type Version } from "./pep440.ts";
import { versionOf } from "./version.ts";

/**
 * The files of the newest release on a project's page: the highest final version that has a file which is not yanked, and of
 * it those that are not. Pre-releases are looked at only where there is nothing else. A file whose name says no version that
 * can be compared belongs to no release.
 */
export function newestRelease(name: ProjectName, files: readonly FileEntry[]): FileEntry[] {
  let newest: { readonly version: Version; readonly entries: FileEntry[] } | undefined;
  for (const entry of files) {
    // A reason is a text, which may be empty.
    if (entry.yanked !== undefined && entry.yanked !== false) continue;
    const version = parseVersion(versionOf(entry.filename, name) ?? "");
    if (!version) continue;
    const order = newest ? preference(version, newest.version) : 1;
    if (order > 0) newest = { version, entries: [entry] };
    else if (order === 0) newest?.entries.push(entry);
  }
  return newest?.entries ?? [];
}

/** Any final version is preferred to any other. */
function preference(one: Version, other: Version): number {
  return Number(other.isPrerelease) - Number(one.isPrerelease) || compareVersions(one, other);
}
