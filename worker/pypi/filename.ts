import { asProjectName, type ProjectName } from "./name.ts";
import { isVisible } from "./text.ts";

declare const brand: unique symbol;

/** The name of a distribution file: one path segment, nothing in it that a path or a terminal would interpret. */
export type Filename = string & { readonly [brand]: "Filename" };

// A slash or backslash, or a name made of dots only, would be something else than one segment.
const UNSAFE = /[/\\]|^\.+$/;

/** What archives of Python projects end in, the retired formats that PyPI still lists included. */
const DISTRIBUTION = /\.(?:whl|tar\.gz|zip|tar\.bz2|tgz|tar\.xz|tar\.z|tbz|tar|egg|exe|msi|rpm|deb|dmg)$/i;

/** Projects whose pages are fetched for one file. */
export const MAX_FETCHED = 3;

/** More projects are not looked at for one file: each is a read of the store. */
const MAX_CANDIDATES = 10;

/** Whether decoded text is one safe path segment: not empty, no slash or backslash, nothing invisible, not dots only. */
export const isSegment = (text: string) => text.length > 0 && !UNSAFE.test(text) && isVisible(text);

/** The filename, or undefined where `raw` is no single safe path segment of 1 to 255 characters. */
export function asFilename(raw: string): Filename | undefined {
  return isSegment(raw) && raw.length <= 255 ? (raw as Filename) : undefined;
}

/** Whether the name has the ending of a distribution file. Indexes in HTML link to other things as well. */
export const isDistribution = (filename: string) => DISTRIBUTION.test(filename);

/** Whether the file is a wheel: the only kind that has its metadata in a place of its own (PEP 427). */
export const isWheel = (filename: string) => /\.whl$/i.test(filename);

/**
 * The projects a file may belong to, likeliest first, at most ten. A wheel names its project in the first field (PEP 427).
 * An sdist or a legacy name such as `numpy-1.0.1.dev3460.win32-py2.4.exe` does not say where the version begins: each
 * hyphen with a digit behind it, from the right, may be the place; where there is none, each hyphen.
 */
export function projectCandidates(filename: Filename): ProjectName[] {
  const hyphens = [...filename.matchAll(/-/g)].map((match) => match.index);
  const first = hyphens[0];
  if (first === undefined) return [];
  const cuts = isWheel(filename) ? [first] : sdistCuts(filename, hyphens);
  const names = cuts.map((cut) => asProjectName(filename.slice(0, cut))).filter((name) => name !== undefined);
  return [...new Set(names)].slice(0, MAX_CANDIDATES);
}

/** Those of them whose pages are fetched for the file: a crafted name must not become a list of upstream requests. */
export const likelyProjects = (filename: Filename): ProjectName[] => projectCandidates(filename).slice(0, MAX_FETCHED);

function sdistCuts(filename: string, hyphens: number[]): number[] {
  const fromRight = hyphens.toReversed();
  const beforeDigit = fromRight.filter((at) => /[0-9]/.test(filename.charAt(at + 1)));
  return beforeDigit.length > 0 ? beforeDigit : fromRight;
}
