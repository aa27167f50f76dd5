import { isUrl, type UrlToken } from "./url-token.ts";

/** A string; one that does not end is taken as well, or the search would begin again at each quote in it. */
const STRING = /"((?:[^"\\\r\n]|\\.)*)"?/g;

/** The URLs of a lock file in JSON (Pipfile.lock): each string that is one. */
export function jsonTokens(text: string): UrlToken[] {
  return [...text.matchAll(STRING)].flatMap(({ 0: string, 1: url = "", index }) =>
    isUrl(url) && string.length === url.length + 2 ? [{ start: index + 1, end: index + string.length - 1, url }] : [],
  );
}
