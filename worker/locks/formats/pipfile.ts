import {
  digestIn,
  isTable,
  listAt,
  ownMember,
  projectNameOf,
  tableAt,
  textAt,
  versionAt,
  type Table,
} from "./fields.ts";
import type { LockEntry } from "./lock.ts";
import { brokenJson } from "./json.ts";
import { assertIndexes, assertMarks } from "./limits.ts";
import { lineAt, refusal, shown, type LockText, type Place } from "./text.ts";
import { assertVersion } from "./toml.ts";

const META = "_meta";

/** Keys of a package that comes from a version-control repository, a folder or a URL. */
const DIRECT = ["git", "hg", "svn", "bzr", "path", "file", "url"];

/** The URLs of the indexes that a package comes from, by the `index` that it names; undefined where it names none. */
type Sources = (name: string | undefined) => readonly string[];

/** Reads all categories of a `Pipfile.lock`, pipfile-spec 6. Throws `unprocessable`. */
export function readPipfile({ name, text }: LockText): LockEntry[] {
  const top: Place = { name, line: 1 };
  const root = objectIn(top, text);
  const meta = tableAt(top, root, META) ?? {};
  assertVersion(top, meta, "pipfile-spec", [6]);
  const sources = sourcesIn(top, meta);
  const lineOf = linesOfKeys(text);
  return Object.keys(root)
    .filter((category) => category !== META)
    .flatMap((category) => Object.entries(tableAt(top, root, category) ?? {}))
    .map(([key, value]) => readPackage({ name, line: lineOf.get(key) ?? 1 }, key, value, sources));
}

/** A package without `index` comes from the first source: pipenv uses others only with `install_search_all_sources`. */
function sourcesIn(top: Place, meta: Table): Sources {
  const sources = listAt(top, meta, "sources").map((source) => {
    if (!isTable(source)) throw refusal(top, `a source is ${shown(source)} and not an object; run pipenv lock again.`);
    return { name: textAt(top, source, "name"), url: textAt(top, source, "url") ?? "" };
  });
  assertIndexes(top.name, sources.length);
  const byName = Map.groupBy(sources, ({ name }) => name);
  return (name) => {
    if (name === undefined) return sources.slice(0, 1).map(({ url }) => url);
    // A name that is not listed may be a URL; otherwise it counts as an unknown index.
    return byName.get(name)?.map(({ url }) => url) ?? [name];
  };
}

function readPackage(place: Place, key: string, value: unknown, sources: Sources): LockEntry {
  const name = projectNameOf(place, key);
  if (!isTable(value)) throw refusal(place, `${name} is ${shown(value)} and not an object; run pipenv lock again.`);
  // Such a package may also have a version, which is then ignored.
  if (DIRECT.some((kind) => Object.hasOwn(value, kind)) || ownMember(value, "editable") === true) return name;
  const version = /^===?(.*)$/.exec(textAt(place, value, "version") ?? "")?.[1]?.trimStart();
  if (version === undefined) throw refusal(place, `${name} is not pinned with ==; run pipenv lock again.`);
  const digests = listAt(place, value, "hashes").flatMap((hash) => digestIn(place, hash) ?? []);
  const locked = { name, version: versionAt(place, name, version), line: place.line, files: [], digests };
  return { locked, indexes: sources(textAt(place, value, "index")) };
}

function objectIn(top: Place, text: string): Table {
  assertMarks(top.name, text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw brokenJson(top.name, text, error);
  }
  if (isTable(parsed)) return parsed;
  throw refusal(top, "this is JSON but not an object; run pipenv lock again.");
}

/** The lines of keys whose values are objects; for a key that occurs twice, the first. */
function linesOfKeys(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let line = 1;
  let from = 0;
  for (const { 1: key = "", index } of text.matchAll(/"([^"\\]+)"\s*:\s*\{/g)) {
    const between = text.slice(from, index);
    line += lineAt(between, between.length) - 1;
    from = index;
    if (!lines.has(key)) lines.set(key, line);
  }
  return lines;
}
