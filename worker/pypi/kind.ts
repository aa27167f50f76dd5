import { isWheel, type Filename } from "./filename.ts";

/** The kind of a distribution file, such as `cp312-manylinux_x86_64`, `cp39abi3-macosx_arm64`, `py3-any`, `sdist`. */
export type Kind = string;

const SDIST = /\.(?:tar\.[a-z0-9]+|tgz|tbz|tar|zip)$/i;

/** Whether the file is a source archive. */
export const isSdist = (filename: string) => SDIST.test(filename);

/** The versions of a platform, as in `manylinux_2_17_x86_64`, `manylinux2014_x86_64` and `macosx_11_0_arm64`. */
const PLATFORM_VERSION = /^(?<system>[a-z]+)\d*(?:_\d+)*_(?<rest>[a-z].*)$/;

/** A Python of any version, as opposed to `cp312` and `pp310`. */
const GENERIC = /^py[23]\d*$/;

const KIND = /^[a-z0-9_.-]{1,80}$/;

/**
 * The kind of a file, by the environments that can use it: the interpreter, whether it uses the stable ABI, and the platform
 * without its version (PEP 425, 427). `sdist` for a source archive; undefined for retired formats and for an invalid wheel name.
 */
export function kindOf(filename: Filename): Kind | undefined {
  if (!isWheel(filename)) return isSdist(filename) ? "sdist" : undefined;
  // The tags are the last three fields, whether or not there is a build tag before them.
  const fields = filename.slice(0, -".whl".length).toLowerCase().split("-");
  if (fields.length < 5) return undefined;
  const [pythons = "", abis = "", platforms = ""] = fields.slice(-3);
  const kind = `${interpreter(pythons, abis)}-${platform(platforms)}`;
  return KIND.test(kind) ? kind : undefined;
}

function interpreter(pythons: string, abis: string): string {
  const tags = pythons.split(".");
  const stable = abis.split(".").find((abi) => abi === "abi3" || abi === "abi3t");
  // Python 3 takes `py2.py3`; `py38` is for every Python from 3.8 on.
  if (tags.every((tag) => GENERIC.test(tag))) return tags.some((tag) => tag.startsWith("py3")) ? "py3" : "py2";
  // A Python without the global lock (free-threaded) has its own ABI and counts as another interpreter: `cp313-cp313t`.
  const isFree = abis.split(".").some((abi) => tags.includes(abi.replace(/t$/, "")) && abi.endsWith("t"));
  return tags.join(".") + (isFree ? "t" : (stable ?? ""));
}

/** `manylinux_2_17_x86_64.manylinux2014_x86_64` is one platform, and `universal2` includes both macOS architectures. */
function platform(tags: string): string {
  const platforms = new Set(
    tags.split(".").map((tag) => {
      const { system, rest } = PLATFORM_VERSION.exec(tag)?.groups ?? {};
      return system === undefined ? tag : `${system}_${rest}`;
    }),
  );
  if (platforms.has("macosx_universal2")) {
    platforms.delete("macosx_arm64");
    platforms.delete("macosx_x86_64");
  }
  return [...platforms].toSorted().join(".");
}
