import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { canonicalVersion } from "../../worker/pypi/pep440.ts";

/** Files in which build backends and projects write the version, besides those that pyproject.toml names. */
const AT_ROOT = new Set(["PKG-INFO", "setup.cfg", "setup.py", "pyproject.toml", "VERSION", "version.txt"]);
const MODULES = /^(?:__init__|_?_?version_?_?|__about__|_about|about|__meta__)\.py$/i;

/** How far below the root modules are looked for. Folders. */
const DEPTH = 4;

/** A larger file is none that says a version. Bytes. */
const MAX_SIZE = 512 * 1024;

/** Folders whose files say nothing about the project's own version. */
const OTHERS = /^(?:tests?|docs?|examples?|node_modules|vendor|_vendor)$/i;

/** `Version: 1.0`, `version = "1.0"`, `__version__: str = '1.0'`, `version="1.0",`, `"version": "1.0"`. */
const STATED =
  /^(?<before>\s*["']?(?:__)?version(?:__)?["']?\s*(?::\s*str\s*)?[:=]\s*)(?<quote>["']?)(?<version>[\w.+!-]+)\k<quote>(?<after>(?:\s*,)?\s*(?:#.*)?)$/i;

/**
 * Changes the version in an unpacked sdist: in its core metadata, in the configuration of its build backend, and in the modules that
 * backends read. Only lines that state exactly the present version are changed.
 *
 * @returns the changed files, by their paths in the folder
 */
export function setVersion(folder: string, from: string, to: string): string[] {
  const changed: string[] = [];
  for (const path of candidates(folder)) {
    const file = join(folder, path);
    // One character for each byte, so that text of any encoding is written back as it was.
    const before = readFileSync(file, "latin1");
    const after = isWholeFile(path, before)
      ? before.replace(before.trim(), to)
      : before.replaceAll(/^.*$/gm, (line) => withVersion(line, from, to));
    if (after === before || !before.includes(from)) continue;
    writeFileSync(file, after, "latin1");
    changed.push(path);
  }
  return changed;
}

/** The variables by which backends that ask a version control system are told the version; an sdist has no repository. */
export const versionVariables = (version: string): Readonly<Record<string, string>> => ({
  SETUPTOOLS_SCM_PRETEND_VERSION: version,
  PDM_BUILD_SCM_VERSION: version,
  POETRY_DYNAMIC_VERSIONING_BYPASS: version,
  PBR_VERSION: version,
});

/** A file that has the version alone. */
const isWholeFile = (path: string, text: string) => /^(?:VERSION|version\.txt)$/.test(path) && !/\s/.test(text.trim());

function withVersion(line: string, from: string, to: string): string {
  const { before = "", quote = "", version = "", after = "" } = STATED.exec(line)?.groups ?? {};
  return version !== "" && canonicalVersion(version) === canonicalVersion(from)
    ? `${before}${quote}${to}${quote}${after}`
    : line;
}

function candidates(folder: string): string[] {
  const named = new Set(namedFiles(folder));
  const found: string[] = [];
  const walk = (below: string, depth: number) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && depth < DEPTH && !OTHERS.test(entry.name)) walk(path, depth + 1);
      if (!entry.isFile()) continue;
      const isMetadata = entry.name === "PKG-INFO" && (depth === 0 || below.endsWith(".egg-info"));
      const isCandidate = isMetadata || (depth === 0 && AT_ROOT.has(entry.name)) || MODULES.test(entry.name);
      if ((isCandidate || named.has(path)) && statSync(join(folder, path)).size <= MAX_SIZE) found.push(path);
    }
  };
  walk("", 0);
  return found;
}

/** The files that pyproject.toml says the version is read from: hatchling's, pdm-backend's and setuptools' ways. */
function namedFiles(folder: string): string[] {
  let project: Table;
  try {
    project = parse(readFileSync(join(folder, "pyproject.toml"), "utf8"));
  } catch {
    return [];
  }
  const at = (...path: string[]) => path.reduce<unknown>((value, key) => (value as Table | undefined)?.[key], project);
  const attribute = at("tool", "setuptools", "dynamic", "version", "attr");
  const module = typeof attribute === "string" ? attribute.split(".").slice(0, -1).join("/") : undefined;
  return [
    at("tool", "hatch", "version", "path"),
    at("tool", "pdm", "version", "path"),
    at("tool", "setuptools", "dynamic", "version", "file"),
    ...(module === undefined ? [] : [`${module}.py`, `src/${module}.py`]),
  ]
    .flat()
    .filter((path) => typeof path === "string")
    .map((path) => path.replace(/^\.\//, ""));
}

type Table = Record<string, unknown>;
