import { digestIn, projectNameOf, versionAt } from "./fields.ts";
import { indexOptions } from "./index-options.ts";
import { assertIndexes, assertPackages } from "./limits.ts";
import type { Locked, LockedPackage } from "./lock.ts";
import { refusal, shown, shownUrl, type LockText, type Place } from "./text.ts";

/** As pip cuts it: a `#` within a URL begins its fragment. */
const COMMENT = /(?:^| )#.*/s;

const INCLUDE = /^(?:-r|--requirement)/;
const EDITABLE = /^(?:-e|--editable)[ =]?(.*)$/;

/** A name, extras and what follows them. */
const NAMED = /^([a-z0-9](?:[\w.-]*[a-z0-9])?) ?(?:\[[^\]]*\])? ?(.*)$/is;
const PINNED = /^\(? ?===? ?([^ ,;()*]+) ?\)?$/;

/** What uv writes below a package with `--emit-index-annotation`. */
const FROM = /^\s*# from (\S+)\s*$/;

/**
 * Reads a requirements file as pip-compile and `uv pip compile` write it. A package may come from any of the indexes that are named
 * by options, wherever these stand, unless a comment of uv's says from which it does. Throws `unprocessable`.
 */
export function readRequirements({ name, text }: LockText): Locked[] {
  const packages: { readonly locked: Requirement; readonly from: string[] }[] = [];
  const options: string[] = [];
  for (const { text: line, at, from } of logicalLines(text)) {
    if (from !== undefined) packages.at(-1)?.from.push(from);
    if (line.startsWith("-")) options.push(line);
    const locked = readLine({ name, line: at }, line);
    if (locked === undefined) continue;
    packages.push({ locked, from: [] });
    assertPackages(name, packages.length);
  }
  const named = indexOptions(options);
  assertIndexes(name, named.length);
  return packages.map(({ locked, from }) =>
    typeof locked === "string" ? locked : { locked, indexes: from.length > 0 ? from : named },
  );
}

/** A package that is pinned, or the name of one that comes from no index. */
type Requirement = LockedPackage | string;

/** One requirement; undefined for a line that has none. */
function readLine(place: Place, line: string): Requirement | undefined {
  if (line === "") return undefined;
  if (INCLUDE.test(line)) {
    throw refusal(
      place,
      `${shownUrl(line)} names a file that is not here; compile all into one file (uv pip compile, pip-compile).`,
    );
  }
  const editable = EDITABLE.exec(line)?.[1];
  if (editable !== undefined) return direct(editable);
  // What pip is to do, and where it looks.
  if (line.startsWith("-")) return undefined;
  const [requirement = "", ...options] = line.split(/ (?=--?[a-z])/i);
  const [specified = ""] = requirement.split(/;/, 1);
  const [, raw = "", rest = ""] = NAMED.exec(specified.trim()) ?? [];
  if (rest.startsWith("@")) return projectNameOf(place, raw);
  if (isPlace(specified)) return direct(specified);
  const version = PINNED.exec(rest)?.[1];
  if (version === undefined) {
    throw refusal(
      place,
      `${shownUrl(specified)} is not pinned with ==; compile it first (uv pip compile, pip-compile).`,
    );
  }
  const name = projectNameOf(place, raw);
  const digests = options.flatMap((option) => hashIn(place, option) ?? []);
  return { name, version: versionAt(place, name, version), line: place.line, files: [], digests };
}

/** A URL, or a path as pip tells one from a name: by a dot, a separator or an archive's ending. */
const isPlace = (text: string) => /^\.|^\S*[/\\]|\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$/i.test(text.trim());

/** What is installed from elsewhere, by its name where it says one. */
const direct = (text: string) => shown(/[#&]egg=([\w.-]+)/.exec(text)?.[1] ?? shownUrl(text));

function hashIn(place: Place, option: string) {
  const hash = /^--hash[= ](.*)$/.exec(option)?.[1];
  return hash === undefined ? undefined : digestIn(place, hash);
}

/** A line as pip joins it, with single spaces and without comments; with `from`, an empty one: uv's comment on what is above. */
interface LogicalLine {
  readonly text: string;
  /** The line of the file that it begins with, counted from 1. */
  readonly at: number;
  readonly from?: string | undefined;
}

/** The lines of a text; a comment ends what a backslash would go on with. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let parts: string[] = [];
  let at = 1;
  const finish = () => {
    const line = parts.join("").replace(/\s+/g, " ").replace(COMMENT, "").trim();
    parts = [];
    return line === "" ? undefined : { text: line, at };
  };
  for (const [nth, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (parts.length === 0 && line.trim() === "") continue;
    if (parts.length === 0) at = nth + 1;
    const from = FROM.exec(line)?.[1];
    const isComment = /^\s*#/.test(line);
    if (isComment) parts.push(" ", line);
    else parts.push(line.replace(/\\$/, ""));
    const finished = isComment || !line.endsWith("\\") ? finish() : undefined;
    if (finished) yield finished;
    if (from !== undefined) yield { text: "", at: nth + 1, from };
  }
  const last = finish();
  if (last) yield last;
}
