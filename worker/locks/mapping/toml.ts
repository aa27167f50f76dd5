import { commentTokens } from "./comments.ts";
import { isUrl, type UrlToken } from "./url-token.ts";

// A comment or a string: whichever begins first holds the other. One that does not end is taken as well, or the search would
// begin again at each quote in it.
const LEXEME = /#[^\r\n]*|"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\r\n]|\\.)*(?:"|(?<open>))|'[^'\r\n]*'/g;

/** Where uv.lock, poetry.lock and pdm.lock (`package`) and PEP 751 (`packages`) begin a package. */
const PACKAGE = /^\[\[packages?\]\]/gm;

/** uv's `source = { registry = "…" }` and PEP 751's `index = "…"`: where a line begins. Further in, dependencies name theirs. */
const INDEX = /^(?:source\s*=\s*\{\s*registry|index)\s*=\s*["']([^"'\r\n]*)["']/m;

const NAME = /^name\s*=\s*["']([^"'\r\n]*)["']/m;

const DEPENDENCY = '{ name = "';

/** The URLs of a lock file in TOML: each string that is one, with the index of the package it stands in. */
export function tomlTokens(text: string): UrlToken[] {
  const starts = [0, ...[...text.matchAll(PACKAGE)].map((match) => match.index)];
  return starts.flatMap((start, nth) => packageTokens(text.slice(start, starts[nth + 1]), start));
}

function packageTokens(text: string, offset: number): UrlToken[] {
  const index = INDEX.exec(text)?.[1];
  const own = { name: NAME.exec(text)?.[1], package: offset };
  return [...text.matchAll(LEXEME)].flatMap(({ 0: lexeme, index: at, groups }) => {
    const start = offset + at;
    if (lexeme.startsWith("#")) return commentTokens(lexeme, start);
    if (groups?.["open"] !== undefined) return [];
    const url = lexeme.slice(1, -1);
    if (!isUrl(url)) return [];
    const dependency = dependencyAt(text, at);
    const owner = dependency === undefined ? own : { name: dependency };
    return [{ start: start + 1, end: start + lexeme.length - 1, url, index, ...owner }];
  });
}

/** The longest beginning of a dependency that is looked for. Characters. */
const LOOK_BACK = 300;

/** The name of the dependency that a string is part of: uv writes `{ name = "…", source = { registry = "…" } }` in one line. */
function dependencyAt(text: string, at: number): string | undefined {
  const before = text.slice(Math.max(0, at - LOOK_BACK), at);
  const start = before.lastIndexOf(DEPENDENCY);
  const rest = start < 0 ? "}" : before.slice(start + DEPENDENCY.length);
  // A file of PEP 751 has its own name there, and its URL.
  if (/[}\n]/.test(rest) || /\burl\s*=\s*$/.test(rest.slice(-10))) return undefined;
  return rest.slice(0, Math.max(0, rest.indexOf('"')));
}
