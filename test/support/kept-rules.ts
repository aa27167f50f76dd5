import { expect } from "vitest";

const DAY = 86_400_000;

/** In the order of PEP 440, which the test does not ask of the code that it tries. */
export const ORDER = [
  "1.0.dev1",
  "1.0a1.dev2",
  "1.0a1",
  "1.0b2",
  "1.0rc1",
  "1.0",
  "1.0+abc",
  "1.0+abc.5",
  "1.0+5",
  "1.0.post1.dev1",
  "1.0.post1",
  "1.1.dev1",
  "1.1.dev10",
  "1.1",
  "1.9",
  "1.10.dev3",
  "1.10",
  "2.0a1",
  "2.0rc1",
  "1!0.1.dev1",
  "1!0.1",
];

export const KEEP = { per_project: 2, dev: 5, prerelease: 9, unused: 8 };
export const RULES = {
  per_project: KEEP.per_project,
  dev: `${KEEP.dev}d`,
  prerelease: `${KEEP.prerelease}d`,
  unused: `${KEEP.unused}d`,
};

type Kind = "dev" | "prerelease" | "final";
const kindOf = (version: string): Kind =>
  version.includes("dev") ? "dev" : /[ab]\d|rc/.test(version.split("+")[0] ?? "") ? "prerelease" : "final";

/** What the test knows of a release that is there. */
export interface Known {
  readonly path: string;
  readonly uploadedAt: number;
  /** The last upload, download or restoring. */
  usedAt: number;
  yanked: boolean;
  promoted: boolean;
}

/** @param there what there was before */
export function check(there: ReadonlyMap<string, Known>, gone: readonly string[], since: number, now: number): void {
  const versions = ORDER.filter((version) => there.has(version));
  const offered = versions.filter((version) => there.get(version)?.yanked === false);
  const isFinal = (version: string) => kindOf(version) === "final";
  const newest = new Set(
    [versions, versions.filter(isFinal), offered, offered.filter(isFinal)].map((some) => some.at(-1)),
  );
  for (const version of gone) {
    const known = there.get(version) as Known;
    const higher = versions.slice(versions.indexOf(version) + 1).filter((each) => kindOf(each) === kindOf(version));
    const kind = kindOf(version);
    const lifetime = kind === "final" ? Infinity : KEEP[kind] * DAY;
    expect({
      version,
      isNewest: newest.has(version),
      isPromoted: known.promoted,
      isUsed: now - known.usedAt < KEEP.unused * DAY,
      isKnown: now - since >= KEEP.unused * DAY,
      isAsked: now - known.uploadedAt > lifetime || higher.length >= KEEP.per_project,
    }).toEqual({ version, isNewest: false, isPromoted: false, isUsed: false, isKnown: true, isAsked: true });
  }
}
