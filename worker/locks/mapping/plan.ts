import { IndexError } from "../../errors.ts";
import type { Scanner, UrlToken } from "./url-token.ts";

/** A lock file whose URLs are to be mapped. */
export interface MappableLock {
  /** Its name, for messages. */
  readonly name: string;
  readonly text: string;
  readonly scan: Scanner;
}

/** What is to become of a file: its text, and the line that says what was done. */
export interface Plan {
  readonly text: string;
  readonly summary: string;
}

/** What becomes of a URL: another one, or the reason why there is none. Undefined: it is left as it is. */
export type MappedUrl = { readonly url: string } | { readonly why: string } | undefined;

/** A file's text with its URLs mapped, all other bytes as they were, and how many were. */
export interface RewrittenFile {
  readonly text: string;
  readonly count: number;
}

const SHOWN = 5;

/**
 * Maps each of the file's URLs.
 *
 * @throws `unprocessable` naming the URLs that have no counterpart: a file half of whose URLs are mapped is of no use
 */
export function rewrite(
  file: MappableLock,
  tokens: readonly UrlToken[],
  map: (token: UrlToken) => MappedUrl,
): RewrittenFile {
  const refused = new Set<string>();
  let text = "";
  let end = 0;
  let count = 0;
  for (const token of tokens) {
    const mapped = map(token);
    if (mapped === undefined) continue;
    if ("why" in mapped) {
      refused.add(`${file.name}: ${withoutCredentials(token.url)} cannot be mapped: ${mapped.why}`);
      continue;
    }
    text += file.text.slice(end, token.start) + mapped.url;
    end = token.end;
    count += 1;
  }
  if (refused.size > 0) throw new IndexError("unprocessable", shorten(file.name, [...refused]).join("\n"));
  return { text: text + file.text.slice(end), count };
}

/** A URL as it may be shown: a terminal's output ends up in logs. */
export const withoutCredentials = (url: string) => url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1");

function shorten(name: string, lines: string[]): string[] {
  if (lines.length <= SHOWN) return lines;
  return [...lines.slice(0, SHOWN), `${name}: and ${lines.length - SHOWN} more that cannot be mapped.`];
}
