import { commentTokens, wordTokens } from "./comments.ts";
import type { UrlToken } from "./url-token.ts";

const LINE = /[^\r\n]+/g;

/** As pip cuts it: a `#` within a URL begins its fragment. */
const COMMENT = /(?<=^|\s)#/;

/** The URLs of a requirements file: of options (`--index-url`), direct references, and the comments that tools write. */
export function requirementsTokens(text: string): UrlToken[] {
  return [...text.matchAll(LINE)].flatMap(({ 0: line, index: start }) => {
    const at = line.search(COMMENT);
    const cut = at < 0 ? line.length : at;
    return [...wordTokens(line.slice(0, cut), start), ...commentTokens(line.slice(cut), start + cut)];
  });
}
