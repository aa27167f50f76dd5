/**
 * A request's path as it was sent, without decoding. A request's URL is absolute and normalised, so it can simply be cut.
 */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

/** A request's query with its question mark; empty where there is none. */
export function queryOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? "" : url.slice(query);
}

/** The path of a server's address, which a proxy takes away: empty, or a slash and more, without one at the end. */
export const prefixOf = ({ pathname }: URL): string => pathname.replace(/\/$/, "");

/** What a path has after such a prefix: empty, or a slash and more; undefined where it is not below it. */
export const pathAfter = (prefix: string, path: string): string | undefined =>
  path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;

/**
 * Where the page is from which a form came: a path below the server's root, with its query. Empty where the browser does not say it, or
 * where it is no page of this server.
 *
 * @param referer the request's header
 * @param root the server's address, as the browser has it
 */
export function refererBelow(referer: string | undefined, root: URL): string {
  if (referer === undefined || !URL.canParse(referer)) return "";
  const { origin, pathname, search } = new URL(referer);
  const path = origin === root.origin ? pathAfter(prefixOf(root), pathname) : undefined;
  return !path || path.startsWith("//") ? "" : path + search;
}
