import type { InstallerFacts } from "./installer.ts";
import type { ProjectName } from "./name.ts";
import { releasesNewestFirst } from "./newest.ts";
import type { FileEntry } from "./page.ts";
import { isWheel } from "./filename.ts";
import { isSpecifierSet } from "./specifiers.ts";
import { versionMatcher } from "./version-match.ts";
import { versionOf } from "./version.ts";
import { wheelFits } from "./wheel-fits.ts";

/**
 * The wheel whose core metadata an installer will most likely ask for: of the newest version that fits, the one that is
 * built most closely for it. undefined where none fits.
 *
 * @param files of the project's page
 * @param specifiers of who requires the project, as `versionMatcher` reads them; empty: every version
 */
export function likeliestWheel(
  project: ProjectName,
  files: readonly FileEntry[],
  specifiers: string,
  { python, platform }: InstallerFacts,
): FileEntry | undefined {
  const fits = wheelFits(python, platform);
  const isWanted = versionMatcher(specifiers);
  const isForPython = pythonMatcher(python?.minor);
  for (const release of releasesNewestFirst(project, files)) {
    // Most files are of releases that need not be looked at.
    const fitting = release.filter(
      (entry) =>
        isWheel(entry.filename) &&
        entry["core-metadata"] &&
        isWanted(versionOf(entry.filename, project) ?? "") !== false &&
        isForPython(entry["requires-python"]) &&
        fits(entry.filename),
    );
    const [closest] = fitting.toSorted((one, other) => closeness(other, python?.minor) - closeness(one, python?.minor));
    if (closest) return closest;
  }
  return undefined;
}

/** Tells by what a file requires of Python whether it can be installed. What one file requires, most of a page do. */
function pythonMatcher(minor: number | undefined): (required: string | undefined) => boolean {
  const known = new Map<string, boolean>();
  return (required) => {
    if (required === undefined || minor === undefined) return true;
    let isFitting = known.get(required);
    if (isFitting === undefined) {
      // A bound at a patch release, such as >=3.9.2, lets the newest one through.
      isFitting = !isSpecifierSet(required) || versionMatcher(required)(`3.${minor}.99`) !== false;
      known.set(required, isFitting);
    }
    return isFitting;
  };
}

/** Installers prefer wheels for their own Python to those for an older ABI, those to pure ones, and newer platforms to older ones. */
function closeness({ filename }: FileEntry, minor: number | undefined): number {
  const [major = 0, level = 0] = /linux_(\d{1,3})_(\d{1,3})_/.exec(filename)?.slice(1).map(Number) ?? [];
  const built = filename.includes(`-cp3${minor}-cp3${minor}`) ? 2 : Number(!filename.includes("-none-any"));
  return built * 2 ** 20 + major * 2 ** 10 + level;
}
