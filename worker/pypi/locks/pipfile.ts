import { digestIn, isTable, listAt, projectNameOf, tableAt, textAt, versionAt, type Table } from "./fields.ts";
import type { Locked } from "./lock.ts";
import { brokenJson } from "./json.ts";
import { assertMarks } from "./limits.ts";
import { lineAt, refusal, shown, type LockText, type Place } from "./text.ts";
import { assertVersion } from "./toml.ts";

const META = "_meta";

/** What a package has that comes from a repository, a folder or a URL. */
const DIRECT = ["git", "hg", "svn", "bzr", "path", "file"];

/** Reads a `Pipfile.lock` of pipfile-spec 6: every category of it. Throws `unprocessable`. */
export function readPipfile({ name, text }: LockText): Locked[] {
  const top: Place = { name, line: 1 };
  const root = objectIn(top, text);
  assertVersion(top, tableAt(top, root, META) ?? {}, "pipfile-spec", [6]);
  const lineOf = linesOfKeys(text);
  return Object.keys(root)
    .filter((category) => category !== META)
    .flatMap((category) => Object.entries(tableAt(top, root, category) ?? {}))
    .map(([key, value]) => readPackage({ name, line: lineOf.get(key) ?? 1 }, key, value));
}

function readPackage(place: Place, key: string, value: unknown): Locked {
  const name = projectNameOf(place, key);
  if (!isTable(value)) throw refusal(place, `${name} is ${shown(value)} and not an object; run pipenv lock again.`);
  const pinned = textAt(place, value, "version");
  if (pinned === undefined && DIRECT.some((kind) => Object.hasOwn(value, kind))) return name;
  const version = /^===?\s*(.*)$/.exec(pinned ?? "")?.[1];
  if (version === undefined) throw refusal(place, `${name} is not pinned with ==; run pipenv lock again.`);
  const digests = listAt(place, value, "hashes").flatMap((hash) => digestIn(place, hash) ?? []);
  return { name, version: versionAt(place, name, version), line: place.line, files: [], digests };
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

/** Where the keys of objects are; of one that is there twice, the first. */
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
