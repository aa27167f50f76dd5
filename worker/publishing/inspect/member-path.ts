import { InvalidDistribution, quotedName } from "./invalid-distribution.ts";

/** Longer than any system accepts. Characters. */
const MAX_PATH = 1_024;

// Characters that end a line or a name, also in RECORD (pip reads it with Python's `splitlines`), and Windows' path
// separator.
// oxlint-disable-next-line no-control-regex
const UNSAFE_CHARACTER = /[\u0000-\u001f\u007f\u0085\u2028\u2029\\]/;

/** Absolute paths, drive letters and dot segments. */
const UNSAFE_PLACE = /^\/|^[a-z]:|(?:^|\/)\.{0,2}(?:\/|$)/i;

/**
 * Names with another meaning on Windows (Python's `ntpath.isreserved`): devices such as NUL with any extension, alternate
 * data streams, and names that end in a dot or a space.
 */
const OTHERWISE_ON_WINDOWS =
  /:|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9\u00b9\u00b2\u00b3]) *(?:[./]|$)/i;

/** Checks that every system unpacks a member below the target folder. A directory's path ends in a slash. */
export function checkPath(path: string): void {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (bare.length > MAX_PATH)
    throw new InvalidDistribution(`has a member whose path is over ${MAX_PATH} characters long`);
  if (UNSAFE_CHARACTER.test(bare) || UNSAFE_PLACE.test(bare))
    throw new InvalidDistribution(
      `has a member called ${quotedName(path)}, which would not be unpacked where it belongs`,
    );
  if (OTHERWISE_ON_WINDOWS.test(bare))
    throw new InvalidDistribution(
      `has a member called ${quotedName(path)}, which Windows takes for another name`,
      "give it a name without a colon, without a dot or blank at its end, and that is no device's such as NUL or COM1",
    );
}

/** A resolved link target. */
interface Resolved {
  /** From the top directory, without dot segments. */
  readonly path: string;
  /** The directories that a `..` leaves. If one of them is a link, the path leads elsewhere. */
  readonly passed: readonly string[];
}

/**
 * Resolves a link target by its text; undefined where it is outside the top directory, or leaves it on the way: pip
 * renames the top directory when it unpacks.
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
 * Checks that no member lies below a file or a link: unpackers would treat it differently, and a link may point anywhere.
 * Paths that differ only in case are allowed, because wheels for Linux contain such.
 *
 * @param leaves the paths of all members but directories
 * @param directories their paths without a slash at the end
 */
export function checkTree(leaves: ReadonlySet<string>, directories: Iterable<string>): void {
  for (const directory of directories) {
    if (leaves.has(directory))
      throw new InvalidDistribution(`has ${quotedName(directory)} both as a file and as a directory`);
    checkParents(directory, leaves);
  }
  for (const leaf of leaves) checkParents(leaf, leaves);
}

function checkParents(path: string, leaves: ReadonlySet<string>): void {
  for (const parent of parentsOf(path)) {
    if (leaves.has(parent))
      throw new InvalidDistribution(`has ${quotedName(parent)} both as a file or link and as a directory`);
  }
}

/** The directories above a path, from the top. */
export function* parentsOf(path: string): Generator<string, void> {
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) yield path.slice(0, at);
}
