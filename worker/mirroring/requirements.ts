import type { MarkerEnvironment } from "../pypi/marker.ts";
import { parseRequirement } from "../pypi/requirement.ts";
import type { MirrorFailure, MirrorRequirement } from "../repository/ports/mirror.ts";

/** A file, and the `Requires-Dist` of its core metadata. */
export interface NamedMetadata {
  readonly filename: string;
  readonly requires: readonly string[];
}

/** What files require, each once, and what is to be known of that. */
export interface FoundRequirements {
  readonly requirements: readonly MirrorRequirement[];
  readonly notes: readonly MirrorFailure[];
}

/**
 * What files require in one of the environments, or may require where a marker depends on what is not known.
 *
 * @param extras normalized names of the extras that are asked for
 */
export function requirementsIn(
  files: readonly NamedMetadata[],
  extras: readonly string[],
  environments: readonly MarkerEnvironment[],
): FoundRequirements {
  const wanted = new Set(extras);
  const requirements = new Map<string, MirrorRequirement>();
  const notes = new Map<string, MirrorFailure>();
  const seen = new Set<string>();
  for (const { filename, requires } of files) {
    for (const line of requires) {
      if (seen.has(line)) continue;
      seen.add(line);
      const requirement = parseRequirement(line);
      if (!requirement) {
        notes.set(line, note(filename, `it requires ${shown(line)}, which cannot be read`));
        continue;
      }
      const { name, specifiers, url, marker } = requirement;
      if (marker && environments.every((environment) => marker(environment, wanted) === false)) continue;
      if (url !== undefined)
        notes.set(line, note(filename, `it requires ${shown(line)}: an address, which is not followed`));
      else {
        const found = { required: name, specifiers, extras: requirement.extras };
        requirements.set(JSON.stringify(found), found);
      }
    }
  }
  return { requirements: [...requirements.values()], notes: [...notes.values()] };
}

const note = (file: string, reason: string): MirrorFailure => ({ file, reason, isNote: true });

const shown = (text: string) => JSON.stringify(text.slice(0, 200));
