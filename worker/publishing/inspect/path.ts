import { Faulty, shown } from "./faulty.ts";

/** Longer than any system takes. */
const MAX_PATH = 1_024;

// What ends a line or a name, in RECORD too (pip reads it with Python's `splitlines`), and what Windows takes for a separator.
// oxlint-disable-next-line no-control-regex
const UNSAFE_CHARACTER = /[\u0000-\u001f\u007f\u0085\u2028\u2029\\]/;

/** What begins elsewhere, at the root or on a drive, and dot segments. */
const UNSAFE_PLACE = /^\/|^[a-z]:|(?:^|\/)\.{0,2}(?:\/|$)/i;

/**
 * What Windows takes for something else (Python's `ntpath.isreserved`): a device, whatever ending its name has; a stream of
 * another file; and a name without the dots and blanks at its end.
 */
const OTHERWISE_ON_WINDOWS =
  /:|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9\u00b9\u00b2\u00b3]) *(?:[./]|$)/i;

/** Checks a member's path: every system unpacks it below the place that is meant. A directory's ends in a slash. */
export function checkPath(path: string): void {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (bare.length > MAX_PATH) throw new Faulty(`has a member whose path is over ${MAX_PATH} characters long`);
  if (UNSAFE_CHARACTER.test(bare) || UNSAFE_PLACE.test(bare))
    throw new Faulty(`has a member called ${shown(path)}, which would not be unpacked where it belongs`);
  if (OTHERWISE_ON_WINDOWS.test(bare))
    throw new Faulty(
      `has a member called ${shown(path)}, which Windows takes for another name`,
      "give it a name without a colon, without a dot or blank at its end, and that is no device's such as NUL or COM1",
    );
}

/** Where a link leads. */
interface Resolved {
  /** From the top, without dot segments. */
  readonly path: string;
  /** What its `..` goes back from: if one of these is a link itself, the path is another than it reads. */
  readonly passed: readonly string[];
}

/**
 * Where a link leads by its text alone; undefined where that is not below the top directory, or where it goes out of that on
 * the way: pip unpacks it under another name.
 *
 * @param directory what the target is relative to: the directory of a symbolic link, "" for a hard link
 */
export function resolveLink(directory: string, target: string): Resolved | undefined {
  if (target === "" || target.length > MAX_PATH || target.startsWith("/") || UNSAFE_CHARACTER.test(target))
    return undefined;
  const path = directory === "" ? [] : directory.split("/");
  const passed: string[] = [];
  let isDown = false;
  for (const segment of target.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") {
      path.push(segment);
      isDown = true;
      continue;
    }
    if (isDown) passed.push(path.join("/"));
    isDown = false;
    path.pop();
    if (path.length === 0) return undefined;
  }
  return { path: path.join("/"), passed };
}

/**
 * Checks that nothing lies below what is no directory: unpackers would disagree about it, and below a link it could be
 * anywhere. Spellings that only some file systems take for one are left alone: wheels for Linux have them.
 *
 * @param leaves the paths of all members but directories
 * @param directories their paths without a slash at the end
 */
export function checkTree(leaves: ReadonlySet<string>, directories: Iterable<string>): void {
  for (const directory of directories) {
    if (leaves.has(directory)) throw new Faulty(`has ${shown(directory)} both as a file and as a directory`);
    checkParents(directory, leaves);
  }
  for (const leaf of leaves) checkParents(leaf, leaves);
}

function checkParents(path: string, leaves: ReadonlySet<string>): void {
  for (const parent of parentsOf(path)) {
    if (leaves.has(parent)) throw new Faulty(`has ${shown(parent)} both as a file or link and as a directory`);
  }
}

/** The directories above a path, from the top. */
export function* parentsOf(path: string): Generator<string, void> {
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) yield path.slice(0, at);
}
