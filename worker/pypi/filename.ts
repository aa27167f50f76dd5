import { asProjectName, type ProjectName } from "./name.ts";
import { isVisible } from "./text.ts";

declare const brand: unique symbol;

/** The name of a distribution file: one path segment, nothing in it that a path or a terminal would interpret. */
export type Filename = string & { readonly [brand]: "Filename" };

// With a slash or backslash it would be several segments; a name of dots only would be a relative path.
const UNSAFE = /[/\\]|^\.+$/;

/** Endings of distribution files, with the retired formats that PyPI still lists. */
const DISTRIBUTION = /\.(?:whl|tar\.gz|zip|tar\.bz2|tgz|tar\.xz|tar\.z|tbz|tar|egg|exe|msi|rpm|deb|dmg)$/i;

/** At most so many projects' pages are fetched to find one file. */
export const MAX_FETCHED = 3;

/** At most so many projects are considered for one file: each costs a read of the store. */
const MAX_CANDIDATES = 10;

/** Whether decoded text is one safe path segment: not empty, no slash or backslash, nothing invisible, not dots only. */
export const isSegment = (text: string) => text.length > 0 && !UNSAFE.test(text) && isVisible(text);

/** The filename, or undefined where `raw` is not one safe path segment of 1 to 255 characters. */
export function asFilename(raw: string): Filename | undefined {
  return isSegment(raw) && raw.length <= 255 ? (raw as Filename) : undefined;
}

/** Whether the name has the ending of a distribution file. HTML pages also link to other things. */
export const isDistribution = (filename: string) => DISTRIBUTION.test(filename);

/** Whether the file is a wheel: the only format with a fixed place for its core metadata (PEP 427). */
export const isWheel = (filename: string) => /\.whl$/i.test(filename);

/**
 * The projects that a file may belong to, likeliest first, at most ten. A wheel names its project in the first field (PEP 427).
 * In an sdist's or a legacy name, such as `numpy-1.0.1.dev3460.win32-py2.4.exe`, it is ambiguous where the version begins: every
 * hyphen before a digit is tried, from the right; where there is none, every hyphen.
 */
export function projectCandidates(filename: Filename): ProjectName[] {
  const cuts = isWheel(filename) ? [filename.indexOf("-")].filter((at) => at !== -1) : sdistCuts(filename);
  const names = cuts.map((cut) => asProjectName(filename.slice(0, cut))).filter((name) => name !== undefined);
  return [...new Set(names)].slice(0, MAX_CANDIDATES);
}

/** The candidates whose pages are fetched for the file. They are few, so that a crafted name cannot cause many upstream requests. */
export const likelyProjects = (filename: Filename): ProjectName[] => projectCandidates(filename).slice(0, MAX_FETCHED);

function sdistCuts(filename: string): number[] {
  const fromRight = [...filename.matchAll(/-/g)].map((match) => match.index).toReversed();
  const beforeDigit = fromRight.filter((at) => /[0-9]/.test(filename.charAt(at + 1)));
  return beforeDigit.length > 0 ? beforeDigit : fromRight;
}
