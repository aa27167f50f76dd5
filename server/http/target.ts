/** What a path and a query may consist of, as workerd has it: more than RFC 3986 allows, but no controls and no spaces. */
// eslint-disable-next-line no-control-regex
const ACCEPTED = /^[^\0-\x20<>`\x7f?]*(?:\?[^\0-\x20"<>\x7f]*)?$/;

/** Scheme and authority of a target in absolute form (RFC 9112, 3.2.2). `Host` has the authority, too, and is used. */
const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\/[^/?#]+/i;

/**
 * Makes a request's URL from its target and its Host as workerd does: nothing is resolved, decoded or normalised, so that
 * `%2e%2e`, `//` and backslashes reach the worker as they were sent. Only the fragment is cut off.
 *
 * @param target of the request line; ASCII, since Node's parser refuses other bytes
 * @returns undefined where it is no target that a request to an origin may have
 */
export function urlOf(scheme: "http" | "https", target: string, host: string): string | undefined {
  const path = pathAndQuery(target);
  return path !== undefined && ACCEPTED.test(path) ? `${scheme}://${host}${path}` : undefined;
}

function pathAndQuery(target: string): string | undefined {
  const [whole = ""] = target.split("#", 1);
  if (whole.startsWith("/") || whole === "*") return whole;
  const [authority] = ABSOLUTE.exec(whole) ?? [];
  if (authority === undefined) return undefined;
  const rest = whole.slice(authority.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}
