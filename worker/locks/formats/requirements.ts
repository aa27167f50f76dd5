import { digestIn, projectNameOf, versionAt } from "./fields.ts";
import { indexOptions } from "./index-options.ts";
import { assertIndexes, assertPackages } from "./limits.ts";
import type { LockEntry, LockedPackage } from "./lock.ts";
import { refusal, shown, shownUrl, type LockText, type Place } from "./text.ts";

/** A comment as in pip: a `#` without a space before it is part of a URL. */
const COMMENT = /(?:^| )#.*/s;

const INCLUDE = /^(?:-r|--requirement)/;
const EDITABLE = /^(?:-e|--editable)[ =]?(.*)$/;

/** A name, extras, and the rest. */
const NAMED = /^([a-z0-9](?:[\w.-]*[a-z0-9])?) ?(?:\[[^\]]*\])? ?(.*)$/is;
const PINNED = /^\(? ?===? ?([^ ,;()*]+) ?\)?$/;

/** The comment that uv writes below a package with `--emit-index-annotation`. */
const FROM = /^\s*# from (\S+)\s*$/;

/**
 * Reads a requirements file as pip-compile and `uv pip compile` write it. A package may come from any index in the file's options,
 * which apply wherever they are, unless uv's comment names the package's index. Throws `unprocessable`.
 */
export function readRequirements({ name, text }: LockText): LockEntry[] {
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

/** A pinned package, or the name of a package that comes from no index. */
type Requirement = LockedPackage | string;

/** The requirement of a line; undefined for a line without one. */
function readLine(place: Place, line: string): Requirement | undefined {
  if (line === "") return undefined;
  if (INCLUDE.test(line)) {
    throw refusal(
      place,
      `${shownUrl(line)} names a file that was not sent; compile all into one file (uv pip compile, pip-compile).`,
    );
  }
  const editable = EDITABLE.exec(line)?.[1];
  if (editable !== undefined) return direct(editable);
  // Other options for pip. Those that name indexes are read by `indexOptions`.
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

/** Whether pip would read the text as a URL or path, not a name: by a leading dot, a separator or an archive's ending. */
const isPlace = (text: string) => /^\.|^\S*[/\\]|\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$/i.test(text.trim());

/** The name of a package with a URL or path: that in its `egg` fragment, else the URL or path itself. */
const direct = (text: string) => shown(/[#&]egg=([\w.-]+)/.exec(text)?.[1] ?? shownUrl(text));

function hashIn(place: Place, option: string) {
  const hash = /^--hash[= ](.*)$/.exec(option)?.[1];
  return hash === undefined ? undefined : digestIn(place, hash);
}

/** A line as pip joins it, with single spaces and without comments. With `from` it is uv's comment on the package above, and empty. */
interface LogicalLine {
  readonly text: string;
  /** Its first line in the file, counted from 1. */
  readonly at: number;
  readonly from?: string | undefined;
}

/** The logical lines of a text. A line ending in a backslash continues on the next, unless that is a comment, which ends it. */
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
