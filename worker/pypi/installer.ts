import { environmentsOf } from "./environments.ts";
import type { MarkerEnvironment } from "./marker.ts";
import { isPlatformTag, parsePlatform, type WheelPlatform } from "./platform-tag.ts";
import { isPythonVersion, parsePython, type Python } from "./python-tag.ts";

/** What pip or uv says of itself and of where it runs. */
export interface InstallerFacts {
  /** undefined: not CPython 3. */
  readonly python: Python | undefined;
  /** undefined: not known, or none that wheels are tagged for. */
  readonly platform: WheelPlatform | undefined;
  /** What markers can know; for one that resolves for every environment, nothing. */
  readonly environment: MarkerEnvironment;
  /** Whether it resolves only, and will ask for no wheel. */
  readonly isResolver: boolean;
}

/** `uv/0.9.0 {…}`, `pip/25.0 {…}`. A longer one is not read. Characters. */
const USER_AGENT = /^(?:uv|pip)\/\S{1,40} (\{[^]{2,2000}\})$/;

/** The commands of uv that write a lock, for every environment. */
const UNIVERSAL: ReadonlySet<unknown> = new Set(["lock", "add", "remove", "export", "tree"]);

/** Reads the User-Agent of pip or uv; undefined where it is of another client, or has another form. */
export function installerOf(userAgent: string): InstallerFacts | undefined {
  const said = saidIn(userAgent);
  if (!said) return undefined;
  const [command, subcommand] = Array.isArray(said.installer?.subcommand) ? said.installer.subcommand : [];
  const isUniversal = UNIVERSAL.has(command);
  const version = String(said.python).split(".", 2).join(".");
  const isCPython = said.implementation?.name === "CPython" && isPythonVersion(version);
  const python = isCPython ? parsePython(version) : undefined;
  const platform = platformOf(said);
  const [environment = {}] = isUniversal ? [] : environmentsOf(python ? [python] : [], platform ? [platform] : []);
  return { python, platform, environment, isResolver: isUniversal || subcommand === "compile" };
}

interface Said {
  readonly installer?: { readonly subcommand?: unknown };
  readonly implementation?: { readonly name?: unknown };
  readonly python?: unknown;
  readonly cpu?: unknown;
  readonly system?: { readonly name?: unknown };
  readonly distro?: {
    readonly version?: unknown;
    readonly libc?: { readonly lib?: unknown; readonly version?: unknown };
  };
}

function saidIn(userAgent: string): Said | undefined {
  const [, json] = USER_AGENT.exec(userAgent) ?? [];
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as Said;
  } catch {
    return undefined;
  }
}

function platformOf({ cpu, system, distro }: Said): WheelPlatform | undefined {
  const machine = String(cpu).toLowerCase();
  const { lib, version } = distro?.libc ?? {};
  const newest = (text: unknown) => /^\d{1,3}\.\d{1,3}/.exec(String(text))?.[0].replace(".", "_") ?? "";
  const tag = {
    Linux: `${lib === "musl" ? "musllinux" : "manylinux"}_${newest(version)}_${machine}`,
    Darwin: `macosx_${newest(distro?.version)}_${machine}`,
    Windows: machine === "x86" ? "win32" : `win_${machine}`,
  }[String(system?.name)];
  return tag !== undefined && isPlatformTag(tag) ? parsePlatform(tag) : undefined;
}
