import { badRequest } from "../errors.ts";

/** The platform of a wheel's tag, or of a machine: the system, its version (for a machine, the newest that fits) and the processor. */
export interface WheelPlatform {
  readonly kind: string;
  /** The version of glibc, musl, macOS or iOS, Android's API level, Pyodide's ABI; infinite where every version fits. */
  readonly version: readonly [major: number, minor: number];
  readonly arch: string;
}

/** Older names of manylinux tags (PEP 600). */
const LEGACY: Readonly<Record<string, readonly [number, number]>> = { "1": [2, 5], "2010": [2, 12], "2014": [2, 17] };

const ANY: readonly [number, number] = [Infinity, Infinity];

/** Tags of macOS wheels for several processors, by processor. */
const FAT: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["universal2", "universal", "intel", "fat64", "fat3"],
  arm64: ["universal2"],
};

/** The names of processors in tags. Another name, such as amd64 on Linux, is refused, since it would fit no wheel. */
const ON_LINUX = [
  "x86_64",
  "i686",
  "aarch64",
  "armv7l",
  "armv6l",
  "ppc64le",
  "ppc64",
  "s390x",
  "riscv64",
  "loongarch64",
];
const ARCHS: Readonly<Record<string, readonly string[]>> = {
  linux: ON_LINUX,
  manylinux: ON_LINUX,
  musllinux: ON_LINUX,
  macosx: ["x86_64", "arm64"],
  android: ["arm64_v8a", "armeabi_v7a", "x86_64", "x86"],
  ios: ["arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator"],
  pyodide: ["wasm32"],
};

function platformOf(tag: string): WheelPlatform | undefined {
  const [, kind = "", major, minor, versioned = ""] =
    /^(manylinux|musllinux|macosx|ios|pyodide)_(0|[1-9]\d{0,3})_(0|[1-9]\d{0,2})_(\w+)$/.exec(tag) ?? [];
  if (kind !== "") return { kind, version: [Number(major), Number(minor)], arch: versioned };
  const [, level, abi] = /^android_([1-9]\d{0,2})_(\w+)$/.exec(tag) ?? [];
  if (level !== undefined && abi !== undefined) return { kind: "android", version: [Number(level), 0], arch: abi };
  const [, year = "", old = ""] = /^manylinux(1|2010|2014)_(\w+)$/.exec(tag) ?? [];
  const legacy = LEGACY[year];
  if (legacy) return { kind: "manylinux", version: legacy, arch: old };
  const [, system, arch] = /^(linux)_(\w+)$/.exec(tag) ?? /^(win)(32|_amd64|_arm64)$/.exec(tag) ?? [];
  return system === undefined || arch === undefined ? undefined : { kind: system, version: ANY, arch };
}

/** Whether the text is a platform in the form of a wheel's platform tag, for which `parsePlatform` can be called. */
export function isPlatformTag(raw: string): boolean {
  const platform = platformOf(raw.toLowerCase());
  return platform !== undefined && (ARCHS[platform.kind]?.includes(platform.arch) ?? true);
}

/** Reads a platform in the form of a wheel's platform tag. Throws `bad-request`. */
export function parsePlatform(raw: string): WheelPlatform {
  const platform = platformOf(raw.toLowerCase());
  if (platform && isPlatformTag(raw)) return platform;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 60))} is not a wheel's platform tag: platform=manylinux_2_28_x86_64 is expected, or musllinux_1_2_aarch64, macosx_14_0_arm64, win_amd64, linux_x86_64, pyodide_2025_0_wasm32, android_24_arm64_v8a, ios_13_0_arm64_iphoneos.`,
  );
}

/** Whether installers accept a wheel with this platform tag (not `any`) on `machine` (`packaging.tags`). */
export function fitsPlatform(machine: WheelPlatform, tag: string): boolean {
  const built = platformOf(tag);
  if (!built) return false;
  const archs = [machine.arch, ...(machine.kind === "macosx" ? (FAT[machine.arch] ?? []) : [])];
  if (!archs.includes(built.arch)) return false;
  // The tag `linux` does not name a libc: such a wheel is built on the machine that it is for.
  if (built.kind === "linux") return machine.kind.endsWith("linux");
  const asked = machine.kind === "linux" ? "manylinux" : machine.kind;
  if (built.kind !== asked || !isAtMost(built.version, machine.version)) return false;
  return built.version === ANY || (isAtMost(oldest(built, machine), built.version) && isRelease(built, machine));
}

/** The oldest version whose tags installers accept. */
function oldest({ kind, arch }: WheelPlatform, machine: WheelPlatform): WheelPlatform["version"] {
  if (kind === "manylinux") return arch === "x86_64" || arch === "i686" ? [2, 5] : [2, 17];
  // PEP 656: another major version of musl is not compatible.
  if (kind === "musllinux") return [machine.version[0], 0];
  if (kind === "ios") return [12, 0];
  if (kind === "android") return [16, 0];
  // PEP 783: each ABI of Pyodide is another one.
  if (kind === "pyodide") return machine.version;
  return arch === "arm64" ? [11, 0] : [10, 4];
}

/**
 * Whether installers look for tags of this version. macOS 10 ends with 10.16, the version that macOS 11 reports to old programs; from
 * 11 on, tags have the minor version 0. Of earlier iOS versions ten minor ones are looked for.
 */
function isRelease({ kind, version: [major, minor] }: WheelPlatform, machine: WheelPlatform): boolean {
  if (kind === "ios") return major === machine.version[0] || minor <= 9;
  return kind !== "macosx" || (major === 10 ? minor <= 16 : minor === 0);
}

const isAtMost = ([major, minor]: WheelPlatform["version"], [most, least]: WheelPlatform["version"]) =>
  major < most || (major === most && minor <= least);
