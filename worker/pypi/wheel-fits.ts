import { fitsPlatform, type WheelPlatform } from "./platform-tag.ts";
import { fitsPython, type Python } from "./python-tag.ts";

/**
 * Tells by a wheel's filename whether it can be installed (PEP 425, 600, 656).
 *
 * @param interpreter undefined: any
 * @param system undefined: any
 */
export function wheelFits(
  interpreter: Python | undefined,
  system: WheelPlatform | undefined,
): (filename: string) => boolean {
  return (filename) => {
    const tags = tagsOf(filename);
    const platforms = tags?.platforms.filter((tag) => tag === "any" || !system || fitsPlatform(system, tag)) ?? [];
    // A wheel with an ABI needs a platform, too: no installer supports a tag such as `cp312-cp312-any`.
    const isBuilt = platforms.some((tag) => tag !== "any");
    const abis = platforms.length === 0 ? [] : (tags?.abis.filter((abi) => abi === "none" || isBuilt) ?? []);
    if (!interpreter) return abis.length > 0;
    return tags?.pythons.some((tag) => abis.some((abi) => fitsPython(interpreter, tag, abi))) ?? false;
  };
}

/** A wheel's three tag sets (PEP 425); undefined where its name is not as in PEP 427, and so no installer takes it. */
function tagsOf(filename: string) {
  const fields = filename.toLowerCase().slice(0, -".whl".length).split("-");
  if (fields.length !== 5 && fields.length !== 6) return undefined;
  // A build tag begins with a digit.
  if (fields.length === 6 && !/^\d/.test(fields[2] ?? "")) return undefined;
  const [pythons = [], abis = [], platforms = []] = fields.slice(-3).map((set) => set.split("."));
  return { pythons, abis, platforms };
}
