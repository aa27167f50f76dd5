import type { Filename } from "../../pypi/filename.ts";
import { isWheel } from "../../pypi/filename.ts";
import { fitsPlatform, parsePlatform } from "./platform.ts";
import { fitsPython, parsePython } from "./python.ts";

/** Of the files of one version of a package, those that are wanted; none where nothing there can be installed. */
export type Narrowing = <File extends { readonly filename: Filename }>(files: readonly File[]) => File[];

/** What can be built anywhere. Eggs and installers are for one platform, and no client takes them any more. */
const SDIST = /\.(?:tar\.gz|zip|tar\.bz2|tgz|tar\.xz|tar\.z|tbz|tar)$/i;

/**
 * Narrows files to those that an environment would install: its wheels (PEP 425, 600, 656), or the sdist where no wheel fits.
 * What is not given does not matter; with neither, all files are wanted.
 *
 * @param python CPython's version, as `3.12`; `3.13t` without the GIL
 * @param platform as the newest wheel that it takes, as `manylinux_2_28_x86_64`; `linux_x86_64` is any glibc
 * @throws `bad-request` for a value that is neither
 */
export function narrowing(python?: string, platform?: string): Narrowing {
  if (python === undefined && platform === undefined) return (files) => [...files];
  const interpreter = python === undefined ? undefined : parsePython(python);
  const system = platform === undefined ? undefined : parsePlatform(platform);
  const fits = (filename: string) => {
    const tags = tagsOf(filename);
    const platforms = tags?.platforms.filter((tag) => tag === "any" || !system || fitsPlatform(system, tag)) ?? [];
    // What needs an ABI was built for some platform: installers have no tag such as `cp312-cp312-any` among theirs.
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

/** A wheel's three sets of tags (PEP 425); undefined where its name is not made as PEP 427 has it: no installer takes it. */
function tagsOf(filename: string) {
  const fields = filename.toLowerCase().slice(0, -".whl".length).split("-");
  if (fields.length !== 5 && fields.length !== 6) return undefined;
  // A build tag begins with a digit.
  if (fields.length === 6 && !/^\d/.test(fields[2] ?? "")) return undefined;
  const [pythons = [], abis = [], platforms = []] = fields.slice(-3).map((set) => set.split("."));
  return { pythons, abis, platforms };
}
