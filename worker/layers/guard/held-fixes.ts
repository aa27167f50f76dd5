import type { Finding, JudgedFile } from "../../policy/policy.ts";
import type { Advisories, Advisory } from "../../policy/osv/advisories.ts";
import { newestRelease } from "../../pypi/newest.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry } from "../../pypi/page.ts";
import { compareVersions, parseVersion } from "../../pypi/pep440.ts";
import { versionOf } from "../../pypi/version.ts";

/** What a held file would mend. */
export interface HeldFix {
  /** The newest version that is admitted, which is affected. */
  readonly newest: string;
  /** By these, which do not affect the held file. */
  readonly advisories: readonly Advisory[];
}

/**
 * Returns a function that tells what a file mends that is held for its age: a newer version, where the newest one that is
 * admitted is affected by an advisory. Clients then install the affected one, and nothing tells them. The file is held all
 * the same: who could name a release a fix would have a way past the age.
 *
 * @param admitted the entries of the files that are admitted
 */
export function heldFixes(
  name: ProjectName,
  admitted: readonly FileEntry[],
  advisories: Advisories | undefined,
): (file: JudgedFile, refusal: Finding | undefined) => HeldFix | undefined {
  const [entry] = newestRelease(name, admitted);
  const newest = entry && versionOf(entry.filename, name);
  const version = newest === undefined ? undefined : parseVersion(newest);
  const affecting = newest === undefined ? [] : (advisories?.affecting(newest) ?? []);
  if (newest === undefined || !version || affecting.length === 0) return () => undefined;
  return (file, refusal) => {
    if (refusal?.rule !== "min-age" && refusal?.rule !== "before") return undefined;
    const own = file.version === undefined ? undefined : parseVersion(file.version);
    if (!own || file.version === undefined || compareVersions(own, version) <= 0) return undefined;
    const still = new Set([
      ...(advisories?.affecting(file.version) ?? []),
      ...(advisories?.undecided(file.version) ?? []),
    ]);
    const mended = affecting.filter((advisory) => !still.has(advisory));
    return mended.length === 0 ? undefined : { newest, advisories: mended };
  };
}
