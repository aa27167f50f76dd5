import { asFilename, isDistribution } from "../../pypi/filename.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import { packageOf, projectNameOf, type LockedTable } from "./fields.ts";
import { assertIndexes, assertPackages } from "./limits.ts";
import type { LockEntry } from "./lock.ts";
import { refusal, type LockText, type Place } from "./text.ts";
import { assertVersion } from "./toml.ts";

/** An entry's first line, and a member of it: pixi writes one value a line, at these two depths. */
const ENTRY = /^- (\w+): (.+)$/;
const MEMBER = /^ {2}(\w+): (.+)$/;

/** The list of an environment's indexes, and one of them. */
const INDEXES = /^\s+indexes:$/;
const LISTED = /^\s+- (\S+)$/;

/** A package from PyPI or another index. */
interface PixiEntry {
  readonly place: Place;
  /** Its URL, or a path. */
  readonly location: string;
  readonly members: Map<string, string>;
}

/**
 * Reads the packages of a `pixi.lock` that do not come from conda, versions 6 and 7. It is read line by line as pixi writes it; other
 * YAML is refused. A package may come from any index of any environment, unless it names its own. Throws `unprocessable`.
 */
export function readPixi({ name, text }: LockText): LockEntry[] {
  const top: Place = { name, line: 1 };
  const lines = text.split(/\r?\n/);
  const version = lines.map((line) => /^version: (\d{1,3})$/.exec(line)?.[1]).find((each) => each !== undefined);
  assertVersion(top, version === undefined ? {} : { version }, "version", [6, 7]);
  const start = lines.indexOf("packages:");
  if (start < 0 && !lines.includes("packages: []")) {
    throw refusal(top, "there is no list of packages in it; make the file again with pixi lock.");
  }
  const indexes = indexesIn(start < 0 ? lines : lines.slice(0, start));
  assertIndexes(name, indexes.length);
  return entriesIn(name, lines, start < 0 ? lines.length : start + 1).map((entry) => readEntry(entry, indexes));
}

function indexesIn(lines: readonly string[]): readonly string[] {
  const found = new Set<string>();
  let isListing = false;
  for (const line of lines) {
    const listed: string | undefined = isListing ? LISTED.exec(line)?.[1] : undefined;
    if (listed !== undefined) found.add(scalar(listed));
    isListing = INDEXES.test(line) || listed !== undefined;
  }
  return [...found];
}

function entriesIn(name: string, lines: readonly string[], start: number): PixiEntry[] {
  const entries: PixiEntry[] = [];
  let entry: PixiEntry | undefined;
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const place: Place = { name, line: at + 1 };
    if (line.startsWith("- ")) {
      const [, kind, location] = ENTRY.exec(line) ?? [];
      if (kind === undefined || location === undefined) throw refusal(place, NOT_AS_WRITTEN);
      entry = kind === "pypi" ? { place, location: scalar(location), members: new Map() } : undefined;
      if (entry) assertPackages(name, entries.push(entry));
    } else if (/^\S/.test(line)) {
      // Another key at the top ends the list.
      if (/^\w+:/.test(line)) break;
      throw refusal(place, NOT_AS_WRITTEN);
    } else {
      const [, key, value] = MEMBER.exec(line) ?? [];
      if (key !== undefined && value !== undefined) entry?.members.set(key, scalar(value));
    }
  }
  return entries;
}

const NOT_AS_WRITTEN = "this is not YAML as pixi writes it; make the file again with pixi lock.";

function readEntry({ place, location, members }: PixiEntry, indexes: readonly string[]): LockEntry {
  const name = projectNameOf(place, members.get("name"));
  const url = /^https?:\/\//i.test(location) ? URL.parse(location) : null;
  const filename = asFilename(url?.pathname.split("/").at(-1) ?? "");
  // A folder, a repository, or a URL that is no distribution file's.
  if (!url || filename === undefined || !isDistribution(filename)) return name;
  const sha256 = members.get("sha256");
  const version = members.get("version");
  const table = version === undefined ? {} : { version };
  const locked: LockedTable = { table, place, lineOf: () => place.line };
  const file = { url: location, ...(sha256 !== undefined && { hash: `sha256:${sha256}` }) };
  const own = members.get("index") ?? members.get("index_url");
  return packageOf(locked, name, [file], own === undefined ? indexes : [own]);
}

/** A scalar's text: plain, or in quotes (YAML 1.2, 7.3). */
function scalar(written: string): string {
  const text = written.trim();
  if (/^'.*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  const quoted = text.startsWith('"') ? parsedJson(text) : undefined;
  return typeof quoted === "string" ? quoted : text;
}
