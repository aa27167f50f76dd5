import { normalExtra } from "../pypi/marker.ts";
import { asProjectName } from "../pypi/name.ts";
import { isSpecifierSet } from "../pypi/specifiers.ts";
import type { MirrorEntry } from "../repository/ports/mirror.ts";

const ENTRY = /^([A-Za-z0-9._*-]{1,200})(?:\[([A-Za-z0-9._, -]*)\])?\s*([^]*)$/;

/** Longer sets of versions are no use. Characters. */
const MAX_SPECIFIERS = 500;

/** Reads what is to be mirrored: `demo`, `demo[fast]>=2`, `acme-*`, `*`. undefined where it is nothing of that. */
export function asMirrorEntry(text: string, withDependencies: boolean): MirrorEntry | undefined {
  const [, raw = "", extras = "", rest = ""] = ENTRY.exec(text.trim()) ?? [];
  const specifiers = rest.trim();
  const isPattern = raw.includes("*");
  // A pattern is a name in which letters stand for the stars.
  const name = asProjectName(isPattern ? raw.replaceAll("*", "x") : raw);
  if (name === undefined || specifiers.length > MAX_SPECIFIERS || !isSpecifierSet(specifiers)) return undefined;
  const pattern = raw.toLowerCase().replace(/[-_.]+/g, "-");
  const named = extras.split(",").flatMap((extra) => (extra.trim() === "" ? [] : [normalExtra(extra.trim())]));
  return { pattern, specifiers, extras: [...new Set(named)].toSorted(), withDependencies };
}

/** The entry as it is written. */
export const entryText = ({ pattern, specifiers, extras }: MirrorEntry): string =>
  `${pattern}${extras.length > 0 ? `[${extras.join(",")}]` : ""}${specifiers}`;
