import { DAY } from "../../duration.ts";
import { compareVersions, parseVersion, type Version } from "../../pypi/pep440.ts";

/** Which releases an index keeps (`keep` in the configuration). Times are milliseconds. */
export interface KeepRules {
  /** How many final releases of a project, how many pre-releases and how many development releases; undefined: all. */
  readonly perProject: number | undefined;
  /** How long after its last upload a development release is kept; undefined: for good. */
  readonly dev: number | undefined;
  /** The same of pre-releases. */
  readonly prerelease: number | undefined;
  /** How long after its last use a release is kept, whatever the other rules say. */
  readonly unused: number;
}

/** A release that has files. Times are milliseconds since the epoch. */
export interface KeptRelease {
  readonly version: string;
  /** Of the file that was uploaded last. */
  readonly uploadedAt: number;
  /** The last use that is known, which may be `uploadedAt`. */
  readonly usedAt: number;
  /** Whether installers take it without being told to: a file of it is not yanked. */
  readonly isOffered: boolean;
  /** Whether another index has it as well. */
  readonly isPromoted: boolean;
}

/** Why a release goes. */
export type PruneReason = "dev" | "prerelease" | "per_project";

export interface PrunableRelease {
  readonly version: string;
  readonly reason: PruneReason;
}

/** A record may stand for a use of up to a day later, and recording may have paused for a day (the job `prune`). Milliseconds. */
const RECORDED_WITHIN = 2 * DAY;

/**
 * Decides which releases of a project go, newest first. Never among them, whatever the rules say: the newest release of all and the
 * newest final one, and of those that are not all yanked the newest; what was uploaded, downloaded or restored within `unused`; what
 * another index has as well; and what has no version by PEP 440.
 *
 * @param all every release of the project that has files
 * @param now milliseconds since the epoch
 */
export function prunableReleases(all: readonly KeptRelease[], rules: KeepRules, now: number): PrunableRelease[] {
  const known = all
    .flatMap((release) => {
      const parsed = parseVersion(release.version);
      return parsed ? [{ ...release, parsed, kind: kindOf(parsed) }] : [];
    })
    .toSorted((one, other) => compareVersions(other.parsed, one.parsed));
  const offered = known.filter(({ isOffered }) => isOffered);
  const newest = new Set(
    [known, offered].flatMap((some) => [some[0]?.version, some.find(({ kind }) => kind === "final")?.version]),
  );
  const seen = { final: 0, prerelease: 0, dev: 0 };
  return known.flatMap(({ version, uploadedAt, usedAt, isPromoted, kind }): PrunableRelease[] => {
    seen[kind] += 1;
    if (newest.has(version) || isPromoted) return [];
    if (Math.max(usedAt, uploadedAt) >= unusedSince(rules, now)) return [];
    const lifetime = kind === "final" ? undefined : rules[kind];
    if (kind !== "final" && lifetime !== undefined && uploadedAt < now - lifetime) return [{ version, reason: kind }];
    if (rules.perProject !== undefined && seen[kind] > rules.perProject) return [{ version, reason: "per_project" }];
    return [];
  });
}

/** What has no use from this time on recorded was not used within `unused`. Milliseconds since the epoch. */
export const unusedSince = ({ unused }: Pick<KeepRules, "unused">, now: number) => now - unused - RECORDED_WITHIN;

const kindOf = ({ isDevelopment, isPrerelease }: Version): "dev" | "prerelease" | "final" =>
  isDevelopment ? "dev" : isPrerelease ? "prerelease" : "final";
