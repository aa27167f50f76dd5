import { restBelow, urlParts, type Address } from "./address.ts";

const PYPI = "https://pypi.org";
const PYPI_FILES = "https://files.pythonhosted.org";

/** The slash, if any, that the upstream's index ends in where `url` is that index; else undefined. */
export function indexTail(url: string, upstream: Address): string | undefined {
  const parts = urlParts(url);
  const tail = parts && restBelow(upstream, parts);
  return tail === "" || tail === "/" ? tail : undefined;
}

/**
 * Whether files at `origin` are listed by the upstream, as far as can be known without asking it: PyPI's lie in one place,
 * other indexes list theirs and those of others (undefined).
 */
export function mayListFilesAt(upstream: Address, origin: string): boolean | undefined {
  if (upstream.origin === PYPI) return origin === PYPI_FILES;
  return origin === upstream.origin ? true : undefined;
}
