import type { ProjectName } from "./name.ts";
import { isYanked, type FileEntry } from "./page.ts";
import { canonicalVersion, compareVersions, normalVersion, parseVersion, type Version } from "./pep440.ts";
import { versionOf } from "./version.ts";

/** A release as a project's page has it. */
export interface ListedRelease {
  /** Normalized; as the files' names have it where that is no version of PEP 440; empty where their names have none. */
  readonly version: string;
  /** undefined: it is no version of PEP 440. */
  readonly parsed: Version | undefined;
  readonly files: readonly FileEntry[];
  /** When its first file was uploaded. Milliseconds since the epoch; undefined: it is not known. */
  readonly uploadedAt: number | undefined;
  /** Whether all its files are yanked. */
  readonly yanked: boolean;
  /** Why; undefined where no reason is given. */
  readonly reason: string | undefined;
}

/** The releases on a page, newest version first; what is no version of PEP 440 is last. */
export function listedReleases(name: ProjectName, files: readonly FileEntry[]): ListedRelease[] {
  const groups = new Map<string, { readonly written: string; readonly files: FileEntry[] }>();
  for (const entry of files) {
    const written = versionOf(entry.filename, name) ?? "";
    const key = canonicalVersion(written);
    const group = groups.get(key);
    if (group) group.files.push(entry);
    else groups.set(key, { written, files: [entry] });
  }
  return [...groups.values()].map(releaseOf).toSorted(newestFirst);
}

function releaseOf({
  written,
  files,
}: {
  readonly written: string;
  readonly files: readonly FileEntry[];
}): ListedRelease {
  const times = files.flatMap((entry) => Date.parse(entry["upload-time"] ?? "") || []);
  const reason = files.map(({ yanked }) => yanked).find((yanked) => typeof yanked === "string");
  return {
    version: normalVersion(written) ?? written,
    parsed: parseVersion(written),
    files,
    uploadedAt: times.length === 0 ? undefined : Math.min(...times),
    yanked: files.every(isYanked),
    reason: reason || undefined,
  };
}

/** An order of releases: the newest version first, and what is no version of PEP 440 last. */
export const newestFirst = (one: Pick<ListedRelease, "parsed">, other: Pick<ListedRelease, "parsed">): number =>
  one.parsed && other.parsed
    ? compareVersions(other.parsed, one.parsed)
    : Number(other.parsed !== undefined) - Number(one.parsed !== undefined);

/** The release that installers choose, else the newest: final versions before pre-releases, and yanked ones last. */
export const chosenRelease = (releases: readonly ListedRelease[]): ListedRelease | undefined =>
  releases.find(({ parsed, yanked }) => parsed && !parsed.isPrerelease && !yanked) ??
  releases.find(({ parsed, yanked }) => parsed && !yanked) ??
  releases[0];
