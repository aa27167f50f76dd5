import { badRequest } from "../../errors.ts";

/** What a wheel's platform tag says, or what a machine can take: a kind of system, the newest version of it, and a processor. */
interface Platform {
  readonly kind: string;
  /** glibc's, musl's or macOS's version; infinite where any will do. */
  readonly version: readonly [major: number, minor: number];
  readonly arch: string;
}

/** Older names of manylinux tags (PEP 600). */
const LEGACY: Readonly<Record<string, readonly [number, number]>> = { "1": [2, 5], "2010": [2, 12], "2014": [2, 17] };

const ANY: readonly [number, number] = [Infinity, Infinity];

/** What a wheel for several processors of macOS has in it. */
const FAT: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["universal2", "universal", "intel", "fat64", "fat3"],
  arm64: ["universal2"],
};

/** What a processor is called there. Another name, as amd64 on Linux, would silently fit nothing. */
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
};

function platformOf(tag: string): Platform | undefined {
  const [, kind = "", major, minor, versioned = ""] =
    /^(manylinux|musllinux|macosx)_(0|[1-9]\d{0,2})_(0|[1-9]\d{0,2})_(\w+)$/.exec(tag) ?? [];
  if (kind !== "") return { kind, version: [Number(major), Number(minor)], arch: versioned };
  const [, year = "", old = ""] = /^manylinux(1|2010|2014)_(\w+)$/.exec(tag) ?? [];
  const legacy = LEGACY[year];
  if (legacy) return { kind: "manylinux", version: legacy, arch: old };
  const [, system, arch] = /^(linux)_(\w+)$/.exec(tag) ?? /^(win)(32|_amd64|_arm64)$/.exec(tag) ?? [];
  return system === undefined || arch === undefined ? undefined : { kind: system, version: ANY, arch };
}

/** Reads a platform as wheels are tagged with it; throws `bad-request`. */
export function parsePlatform(raw: string): Platform {
  const platform = platformOf(raw.toLowerCase());
  if (platform && (ARCHS[platform.kind]?.includes(platform.arch) ?? true)) return platform;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 60))} is not a platform as wheels have it: platform=manylinux_2_28_x86_64 is expected, or musllinux_1_2_aarch64, macosx_14_0_arm64, win_amd64, linux_x86_64.`,
  );
}

/** Whether what is tagged so, with another tag than `any`, runs on `machine`, as installers have it (`packaging.tags`). */
export function fitsPlatform(machine: Platform, tag: string): boolean {
  const built = platformOf(tag);
  if (!built) return false;
  const archs = [machine.arch, ...(machine.kind === "macosx" ? (FAT[machine.arch] ?? []) : [])];
  if (!archs.includes(built.arch)) return false;
  // Plain `linux` says nothing of a libc: it was built on the machine it is for.
  if (built.kind === "linux") return machine.kind.endsWith("linux");
  const asked = machine.kind === "linux" ? "manylinux" : machine.kind;
  if (built.kind !== asked || !isAtMost(built.version, machine.version)) return false;
  return built.version === ANY || (isAtMost(oldest(built, machine), built.version) && isRelease(built));
}

/** The oldest version that installers have a tag for. */
function oldest({ kind, arch }: Platform, machine: Platform): Platform["version"] {
  if (kind === "manylinux") return arch === "x86_64" || arch === "i686" ? [2, 5] : [2, 17];
  // PEP 656: another major is another libc.
  if (kind === "musllinux") return [machine.version[0], 0];
  return arch === "arm64" ? [11, 0] : [10, 4];
}

/** macOS 10 ends with 10.16, which is what 11 calls itself to old programs; from 11 on a tag has the major alone. */
const isRelease = ({ kind, version: [major, minor] }: Platform) =>
  kind !== "macosx" || (major === 10 ? minor <= 16 : minor === 0);

const isAtMost = ([major, minor]: Platform["version"], [most, least]: Platform["version"]) =>
  major < most || (major === most && minor <= least);
