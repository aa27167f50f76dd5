import type { InstallerFacts } from "./installer.ts";
import type { ProjectName } from "./name.ts";
import { newestRelease } from "./newest.ts";
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
  const fitting = files.filter(
    (entry) =>
      isWheel(entry.filename) &&
      entry["core-metadata"] &&
      isWanted(versionOf(entry.filename, project) ?? "") !== false &&
      isForPython(entry, python?.minor) &&
      fits(entry.filename),
  );
  return newestRelease(project, fitting).toSorted(
    (one, other) => closeness(other, python?.minor) - closeness(one, python?.minor),
  )[0];
}

function isForPython({ "requires-python": required }: FileEntry, minor: number | undefined): boolean {
  if (required === undefined || minor === undefined || !isSpecifierSet(required)) return true;
  // A bound at a patch release, such as >=3.9.2, lets the newest one through.
  return versionMatcher(required)(`3.${minor}.99`) !== false;
}

/** Installers prefer wheels for their own Python to those for an older ABI, those to pure ones, and newer platforms to older ones. */
function closeness({ filename }: FileEntry, minor: number | undefined): number {
  const [major = 0, level = 0] = /linux_(\d{1,3})_(\d{1,3})_/.exec(filename)?.slice(1).map(Number) ?? [];
  const built = filename.includes(`-cp3${minor}-cp3${minor}`) ? 2 : Number(!filename.includes("-none-any"));
  return built * 2 ** 20 + major * 2 ** 10 + level;
}
