import { normalExtra, parseMarker, type Marker } from "./marker.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { isSpecifierSet } from "./specifiers.ts";

/** A requirement on a project (PEP 508). */
export interface Requirement {
  readonly name: ProjectName;
  /** Normalized (PEP 685), sorted. */
  readonly extras: readonly string[];
  /** As `versionMatcher` reads them; empty: every version. */
  readonly specifiers: string;
  /** Where it names an address instead of versions. */
  readonly url?: string | undefined;
  /** undefined: it always holds. */
  readonly marker?: Marker | undefined;
}

/** A name, extras, and what follows up to a marker. */
const REQUIREMENT = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?([^]*)$/;

const EXTRA = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** A longer text is no requirement. Characters. */
const MAX_LENGTH = 4_000;

/** Reads a requirement such as `demo[fast]>=2,<3; python_version < "3.12"`; undefined where it cannot be read. */
export function parseRequirement(text: string): Requirement | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, rawName = "", rawExtras = "", rest = ""] = REQUIREMENT.exec(text.trim()) ?? [];
  const name = asProjectName(rawName);
  const named = rawExtras.split(",").flatMap((extra) => (extra.trim() === "" ? [] : [extra.trim()]));
  if (!name || !named.every((extra) => EXTRA.test(extra))) return undefined;
  const extras = [...new Set(named.map(normalExtra))].toSorted();
  const [, address, condition] = /^\s*@\s*(\S+)(?:\s+;([^]*))?\s*$/.exec(rest) ?? [];
  if (address !== undefined) return withMarker({ name, extras, specifiers: "", url: address }, condition);
  const [versions = "", ...conditions] = rest.split(";");
  const specifiers = versions
    .trim()
    .replace(/^\(([^]*)\)$/, "$1")
    .trim();
  if (!isSpecifierSet(specifiers)) return undefined;
  return withMarker({ name, extras, specifiers }, conditions.length > 0 ? conditions.join(";") : undefined);
}

function withMarker(requirement: Requirement, condition: string | undefined): Requirement | undefined {
  if (condition === undefined || condition.trim() === "") return requirement;
  const marker = parseMarker(condition);
  return marker && { ...requirement, marker };
}
