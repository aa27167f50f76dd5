import { Faulty, shown } from "./faulty.ts";

/** Longer than any system takes. */
const MAX_PATH = 1_024;

// What ends a line or a name, what Windows takes for a separator, and what begins elsewhere: at the root or on a drive.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f\\]|^\/|^[a-z]:|(?:^|\/)\.{0,2}(?:\/|$)/i;

/** Checks a member's path: every system unpacks it below the place that is meant. A directory's ends in a slash. */
export function checkPath(path: string): void {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (bare.length > MAX_PATH) throw new Faulty(`has a member whose path is over ${MAX_PATH} characters long`);
  if (UNSAFE.test(bare))
    throw new Faulty(`has a member called ${shown(path)}, which would not be unpacked where it belongs`);
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
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    const parent = path.slice(0, at);
    if (leaves.has(parent)) throw new Faulty(`has ${shown(parent)} both as a file or link and as a directory`);
  }
}
