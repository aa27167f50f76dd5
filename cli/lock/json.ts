import { isUrl, type Token } from "./tokens.ts";

const STRING = /"((?:[^"\\\r\n]|\\.)*)"/g;

/** The URLs of a lock file in JSON (Pipfile.lock): each string that is one. */
export function jsonTokens(text: string): Token[] {
  return [...text.matchAll(STRING)].flatMap(({ 0: string, 1: url = "", index }) =>
    isUrl(url) ? [{ start: index + 1, end: index + string.length - 1, url }] : [],
  );
}
