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
