import type { MarkerEnvironment } from "./marker.ts";
import type { WheelPlatform } from "./platform-tag.ts";
import type { Python } from "./python-tag.ts";

/** What Python calls each system that wheels are built for: `os_name`, `sys_platform`, `platform_system` (PEP 508). */
const SYSTEMS: Readonly<Record<string, readonly [string, string, string]>> = {
  linux: ["posix", "linux", "Linux"],
  manylinux: ["posix", "linux", "Linux"],
  musllinux: ["posix", "linux", "Linux"],
  macosx: ["posix", "darwin", "Darwin"],
  win: ["nt", "win32", "Windows"],
  android: ["posix", "android", "Android"],
  ios: ["posix", "ios", "iOS"],
  pyodide: ["posix", "emscripten", "Emscripten"],
};

/** `platform_machine` where it differs from a wheel's tag. */
const MACHINES: Readonly<Record<string, string>> = { win_amd64: "AMD64", win_arm64: "ARM64", win32: "x86" };

/** No release of Python has had as many patches. */
const LAST_PATCH = 99;

/**
 * What markers can know of each wanted Python on each wanted platform. Where none is given, its markers are not known.
 */
export function environmentsOf(
  pythons: readonly Python[],
  platforms: readonly WheelPlatform[],
): readonly MarkerEnvironment[] {
  const interpreters = pythons.length > 0 ? pythons.map(ofPython) : [{}];
  const systems = platforms.length > 0 ? platforms.map(ofPlatform) : [{}];
  return interpreters.flatMap((interpreter) => systems.map((system) => ({ ...interpreter, ...system })));
}

const ofPython = ({ minor }: Python): MarkerEnvironment => {
  const versions = [`3.${minor}.0`, `3.${minor}.${LAST_PATCH}`];
  return {
    python_version: [`3.${minor}`],
    python_full_version: versions,
    implementation_version: versions,
    implementation_name: ["cpython"],
    platform_python_implementation: ["CPython"],
  };
};

function ofPlatform({ kind, arch }: WheelPlatform): MarkerEnvironment {
  const [os, sys, system] = SYSTEMS[kind] ?? [];
  if (os === undefined || sys === undefined || system === undefined) return {};
  const machine = MACHINES[kind + arch] ?? arch;
  return { os_name: [os], sys_platform: [sys], platform_system: [system], platform_machine: [machine] };
}
