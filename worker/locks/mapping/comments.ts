import type { UrlToken } from "./url-token.ts";

// uv's `# from URL`, and the command line that uv and pip-compile put on top.
const BY_A_TOOL = /^#\s+from\s+\S+\s*$|^#\s+(?:uv|pip-compile|python -m piptools)\s/;

const WORD = /https?:\/\/[^\s"'`]+/gi;

/** The URLs of a text in which blanks and quotes separate words; `offset` is where in the file it begins. */
export function wordTokens(text: string, offset: number): UrlToken[] {
  return [...text.matchAll(WORD)].map(({ 0: url, index }) => {
    const start = offset + index;
    return { start, end: start + url.length, url };
  });
}

/** The URLs of a comment that a tool wrote; none where a person did. */
export function commentTokens(comment: string, offset: number): UrlToken[] {
  return BY_A_TOOL.test(comment) ? wordTokens(comment, offset) : [];
}
