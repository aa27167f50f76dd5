import type { Finding, JudgedFile, RuleName } from "../../policy/policy.ts";
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

/** The finding that holds a file for its age, where nothing else refuses it. */
export function holding(findings: readonly Finding[]): Finding | undefined {
  const refusals = findings.filter(({ mode, exempted }) => mode === "enforce" && !exempted);
  return refusals.every(({ rule }) => AGES.has(rule)) ? refusals[0] : undefined;
}

const AGES = new Set<RuleName>(["min-age", "before"]);

/**
 * Returns a function that tells what a held file mends: a newer version, where the newest one that is admitted is affected
 * by an advisory. Clients then install the affected one, and nothing tells them. The file is held all the same: who could
 * name a release a fix would have a way past the age.
 *
 * @param shown the entries of the files that are admitted, as the page has them: a client takes none that is yanked
 */
export function heldFixes(
  name: ProjectName,
  shown: readonly FileEntry[],
  advisories: Advisories | undefined,
): (held: JudgedFile) => HeldFix | undefined {
  if (!advisories || advisories.all.length === 0) return () => undefined;
  const [entry] = newestRelease(name, shown);
  const newest = entry && versionOf(entry.filename, name);
  const version = newest === undefined ? undefined : parseVersion(newest);
  const affecting = newest === undefined ? [] : advisories.affecting(newest);
  if (newest === undefined || !version || affecting.length === 0) return () => undefined;
  return (held) => {
    const own = held.version === undefined ? undefined : parseVersion(held.version);
    if (held.isYanked || !own || held.version === undefined || compareVersions(own, version) <= 0) return undefined;
    const still = new Set([...advisories.affecting(held.version), ...advisories.undecided(held.version)]);
    const mended = affecting.filter((advisory) => !still.has(advisory));
    return mended.length === 0 ? undefined : { newest, advisories: mended };
  };
}
