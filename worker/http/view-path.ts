/** A path within a view of an index. */
export interface ViewPath {
  /** The index's base. */
  readonly base: string;
  /** The segment that names the view, as it was sent. */
  readonly segment: string;
  /** What follows; empty, or it begins with a slash. */
  readonly rest: string;
}

const VIEW = /^(\/[^/@]+)?\/((?:@|%40)[^/]*)/i;

/**
 * Takes a path in a view apart; undefined where it is none.
 *
 * @param path as it was sent
 */
export function viewPathOf(path: string, isBase: (base: string) => boolean): ViewPath | undefined {
  const [all, base = "", segment] = VIEW.exec(path) ?? [];
  return all !== undefined && segment !== undefined && isBase(base)
    ? { base, segment, rest: path.slice(all.length) }
    : undefined;
}

/** The path without the segment that names a view, where it looks like one. */
export const withoutView = (path: string) => path.replace(VIEW, "$1");

/** In front of the path without that segment, where routes are matched. */
export const VIEWS = "/@";
