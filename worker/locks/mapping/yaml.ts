import type { UrlToken } from "./url-token.ts";

const LINE = /[^\r\n]+/g;

/** A line whose value is a URL, as it is or in quotes; with its key, if it has one. */
const VALUE = /^ *(?:- )?(?:(\w+): )?(["']?)(https?:\/\/[^\s"'#]+(?:#[^\s"']*)?)\2 *$/i;

/** The URLs of a lock file in YAML (pixi.lock): each value that is one, but for those of conda's packages. */
export function yamlTokens(text: string): UrlToken[] {
  return [...text.matchAll(LINE)].flatMap(({ 0: line, index }) => {
    const [, key, quote = "", url] = VALUE.exec(line) ?? [];
    if (url === undefined || key === "conda") return [];
    const start = index + line.lastIndexOf(quote + url) + quote.length;
    return [{ start, end: start + url.length, url }];
  });
}
