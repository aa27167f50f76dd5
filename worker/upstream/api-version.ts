/** The major version that is supported. PEP 629: a client must stop at a page of a later major version. */
const MAJOR = 1;

/**
 * Throws an `Error` for a later major version of the Simple API, in which the same members may mean something else.
 *
 * @param version `api-version` in JSON, `pypi:repository-version` in HTML; a value that is not a version is ignored
 */
export function assertReadable(version: unknown): void {
  const text = typeof version === "string" || typeof version === "number" ? String(version) : "";
  const major = /^(\d{1,9})(?:\.|$)/.exec(text)?.[1];
  if (major === undefined || Number(major) <= MAJOR) return;
  throw new Error(`its page has version ${text.slice(0, 20)} of the Simple API, and only ${MAJOR}.x can be read`);
}
