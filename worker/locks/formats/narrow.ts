import type { Filename } from "../../pypi/filename.ts";
import { isWheel } from "../../pypi/filename.ts";
import { fitsPlatform, parsePlatform } from "./platform.ts";
import { fitsPython, parsePython } from "./python.ts";

/** Selects, from the files of one version of a package, those to install; none where no file can be installed. */
export type Narrowing = <File extends { readonly filename: Filename }>(files: readonly File[]) => File[];

/** Endings of sdists, which can be built anywhere. No client installs eggs and installers any more. */
const SDIST = /\.(?:tar\.gz|zip|tar\.bz2|tgz|tar\.xz|tar\.z|tbz|tar)$/i;

/**
 * Narrows files to those that an environment can install: the wheels that fit it (PEP 425, 600, 656), or the sdists where no wheel
 * fits. A value that is not given fits every wheel; without both, all files are selected.
 *
 * @param python CPython's version, such as `3.12`; `3.13t` is without the GIL
 * @param platform the tag of the newest wheels that fit, such as `manylinux_2_28_x86_64`; `linux_x86_64` is any glibc
 * @throws `bad-request` where a value is not a Python version or platform
 */
export function narrowing(python?: string, platform?: string): Narrowing {
  if (python === undefined && platform === undefined) return (files) => [...files];
  const interpreter = python === undefined ? undefined : parsePython(python);
  const system = platform === undefined ? undefined : parsePlatform(platform);
  const fits = (filename: string) => {
    const tags = tagsOf(filename);
    const platforms = tags?.platforms.filter((tag) => tag === "any" || !system || fitsPlatform(system, tag)) ?? [];
    // A wheel with an ABI needs a platform, too: no installer supports a tag such as `cp312-cp312-any`.
    const isBuilt = platforms.some((tag) => tag !== "any");
    const abis = platforms.length === 0 ? [] : (tags?.abis.filter((abi) => abi === "none" || isBuilt) ?? []);
    if (!interpreter) return abis.length > 0;
    return tags?.pythons.some((tag) => abis.some((abi) => fitsPython(interpreter, tag, abi))) ?? false;
  };
  return (files) => {
    const wheels = files.filter(({ filename }) => isWheel(filename) && fits(filename));
    return wheels.length > 0 ? wheels : files.filter(({ filename }) => SDIST.test(filename));
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
