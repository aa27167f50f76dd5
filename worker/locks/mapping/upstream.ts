import { matcher } from "../../pypi/pattern.ts";
import { asProjectName } from "../../pypi/name.ts";
import { addressText, restBelow, urlParts, type Address } from "./address.ts";
import type { UrlToken } from "./url-token.ts";

const PYPI = "https://pypi.org";
const PYPI_FILES = "https://files.pythonhosted.org";

/** An upstream whose URLs a lock file has in place of pypi-edge's. */
export interface LockUpstream {
  /** Its Simple API root. */
  readonly index: Address;
  /** The origin of its file host, where it is known. */
  readonly files?: string | undefined;
  /** Patterns of names that come from the upstreams that have such a pattern, and from no other; undefined: none. */
  readonly projects?: readonly string[] | undefined;
}

/** The upstreams of a pypi-edge's index, at least one. */
export type LockUpstreams = readonly [LockUpstream, ...LockUpstream[]];

/** The slash, if any, that the upstream's index ends in where `url` is that index; else undefined. */
export function indexTail(url: string, { index }: LockUpstream): string | undefined {
  const parts = urlParts(url);
  const tail = parts && restBelow(index, parts);
  return tail === "" || tail === "/" ? tail : undefined;
}

/**
 * Whether files at `origin` are listed by the upstream, as far as can be known without asking it: PyPI's lie in one place,
 * other indexes list theirs and those of others (undefined).
 */
export function mayListFilesAt({ index, files }: LockUpstream, origin: string): boolean | undefined {
  if (origin === files) return true;
  if (index.origin === PYPI) return origin === PYPI_FILES;
  return origin === index.origin ? true : undefined;
}

/** The upstreams' addresses, for a sentence. */
export const upstreamsText = (upstreams: LockUpstreams) =>
  LIST.format(upstreams.map(({ index }) => addressText(index)));

const LIST = new Intl.ListFormat("en");

/**
 * Finds which upstream a URL's package comes from: the one that lists files where the package has them, or that alone may have its
 * name. Undefined where the lock does not say: a package that is taken for another upstream's would be installed from there,
 * where anyone may have registered its name.
 *
 * @param filesOrigin the origin at the upstream of a URL of pypi-edge's that is a file; undefined for other URLs
 */
export function ownersIn(
  tokens: readonly UrlToken[],
  filesOrigin: (token: UrlToken) => string | undefined,
  upstreams: LockUpstreams,
): (token: UrlToken) => LockUpstream | undefined {
  const [only, ...others] = upstreams;
  if (others.length === 0) return () => only;
  const byPackage = new Map<number | string, Set<LockUpstream>>();
  for (const token of tokens) {
    const origin = filesOrigin(token);
    if (origin === undefined) continue;
    const listing = upstreams.filter((upstream) => mayListFilesAt(upstream, origin));
    for (const key of [token.package, token.name]) {
      if (key !== undefined) byPackage.set(key, new Set([...(byPackage.get(key) ?? []), ...listing]));
    }
  }
  return ({ name, package: own }) => {
    const found = [own, name].map((key) => (key === undefined ? undefined : byPackage.get(key)));
    const seen = found.find((each) => each?.size === 1) ?? found.find((each) => each !== undefined && each.size > 0);
    const candidates = seen ? [...seen] : candidatesFor(name, upstreams);
    return candidates.length === 1 ? candidates[0] : undefined;
  };
}

/** The upstreams that may have a project of this name, by their patterns. */
function candidatesFor(name: string | undefined, upstreams: LockUpstreams): readonly LockUpstream[] {
  const project = name === undefined ? undefined : asProjectName(name);
  if (project === undefined) return upstreams;
  const claiming = upstreams.filter(({ projects }) => projects?.some((pattern) => matcher(pattern)(project)));
  return claiming.length > 0 ? claiming : upstreams.filter(({ projects }) => projects === undefined);
}
