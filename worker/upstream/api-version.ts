/** PEP 629: a client must not go on where the major version is one that it does not know. */
const MAJOR = 1;

/**
 * Throws an `Error` for a later major version of the Simple API than is known here, which may mean something else by the same
 * words.
 *
 * @param version `api-version` in JSON, `pypi:repository-version` in HTML; what is no version is passed over
 */
export function assertReadable(version: unknown): void {
  const text = typeof version === "string" || typeof version === "number" ? String(version) : "";
  const major = /^(\d{1,9})(?:\.|$)/.exec(text)?.[1];
  if (major === undefined || Number(major) <= MAJOR) return;
  throw new Error(`its page is of version ${text.slice(0, 20)} of the Simple API, of which ${MAJOR}.x can be read`);
}
