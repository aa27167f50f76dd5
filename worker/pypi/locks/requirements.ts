import { digestIn, projectNameOf, versionAt } from "./fields.ts";
import { assertPackages } from "./limits.ts";
import type { Locked } from "./lock.ts";
import { refusal, shown, type LockText, type Place } from "./text.ts";

/** As pip cuts it: a `#` within a URL begins its fragment. */
const COMMENT = /(?:^| )#.*$/;

const INCLUDE = /^(?:-r|--requirement)/;
const EDITABLE = /^(?:-e|--editable)[ =]?(.*)$/;

/** A name, extras and what follows them. */
const NAMED = /^([a-z0-9](?:[\w.-]*[a-z0-9])?) ?(?:\[[^\]]*\])? ?(.*)$/i;
const PINNED = /^\(? ?===? ?([^ ,;()*]+) ?\)?$/;

/** Reads a requirements file as pip-compile and `uv pip compile` write it. Throws `unprocessable`. */
export function readRequirements({ name, text }: LockText): Locked[] {
  const packages: Locked[] = [];
  for (const { text: line, at } of logicalLines(text)) {
    const locked = readLine({ name, line: at }, line);
    if (locked === undefined) continue;
    packages.push(locked);
    assertPackages(name, packages.length);
  }
  return packages;
}

/** One requirement; undefined for a line that has none. */
function readLine(place: Place, line: string): Locked | undefined {
  if (INCLUDE.test(line)) {
    throw refusal(
      place,
      `${quoted(line)} names a file that is not here; compile all into one file (uv pip compile, pip-compile).`,
    );
  }
  const editable = EDITABLE.exec(line)?.[1];
  if (editable !== undefined) return direct(editable);
  // Where pip looks and what it does: not ours.
  if (line.startsWith("-")) return undefined;
  const [requirement = "", ...options] = line.split(/ (?=--?[a-z])/i);
  const [specified = ""] = requirement.split(/;/, 1);
  const [, raw = "", rest = ""] = NAMED.exec(specified.trim()) ?? [];
  if (rest.startsWith("@")) return projectNameOf(place, raw);
  if (isPlace(specified)) return direct(specified);
  const version = PINNED.exec(rest)?.[1];
  if (version === undefined) {
    throw refusal(place, `${quoted(specified)} is not pinned with ==; compile it first (uv pip compile, pip-compile).`);
  }
  const name = projectNameOf(place, raw);
  const digests = options.flatMap((option) => hashIn(place, option) ?? []);
  return { name, version: versionAt(place, name, version), line: place.line, files: [], digests };
}

/** A URL, or a path as pip tells one from a name: by a dot, a separator or an archive's ending. */
const isPlace = (text: string) => /^\.|^\S*[/\\]|\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$/i.test(text.trim());

/** What is installed from elsewhere, by its name where it says one. */
const direct = (text: string) => shown(/[#&]egg=([\w.-]+)/.exec(text)?.[1] ?? quoted(text));

/** Without a URL's password. */
const quoted = (text: string) => shown(text.trim().replace(/\/\/[^/@ ]*@/g, "//"));

function hashIn(place: Place, option: string) {
  const hash = /^--hash[= ](.*)$/.exec(option)?.[1];
  return hash === undefined ? undefined : digestIn(place, hash);
}

/** The lines as pip joins them, with single spaces and without comments: a comment ends what a backslash would go on with. */
function* logicalLines(text: string): Generator<{ readonly text: string; readonly at: number }> {
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
    const isComment = /^\s*#/.test(line);
    if (isComment) parts.push(" ", line);
    else parts.push(line.replace(/\\$/, ""));
    const finished = isComment || !line.endsWith("\\") ? finish() : undefined;
    if (finished) yield finished;
  }
  const last = finish();
  if (last) yield last;
}
