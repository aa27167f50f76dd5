/** What opens a table or a list, or stands behind a key or a part of one; and what may have such signs in it and is passed over. */
const SIGN = /[{[=:."'#]/g;

/**
 * Counts what makes tables, lists and keys in a text of TOML or JSON, without parsing it: braces, brackets, signs behind keys,
 * and dots, outside of strings and comments. Behind the first mistake in the text the count may be any.
 *
 * @param enough where counting ends, one above it
 */
export function countMarks(text: string, enough: number): number {
  const signs = new RegExp(SIGN);
  let count = 0;
  for (let found = signs.exec(text); found && count <= enough; found = signs.exec(text)) {
    const [sign] = found;
    if (sign === '"' || sign === "'") signs.lastIndex = endOfString(text, found.index, sign);
    else if (sign === "#") signs.lastIndex = endOfLine(text, found.index);
    else count++;
  }
  return count;
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

/** Behind the string that begins at `start`; one that is not closed ends with its line, or with the text if it may have lines. */
function endOfString(text: string, start: number, quote: string): number {
  const long = text.startsWith(quote.repeat(3), start);
  const close = long ? quote.repeat(3) : quote;
  for (let at = start + close.length; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === "\n" && !long) return at;
    else if (text.startsWith(close, at)) {
      at += close.length;
      if (!long) return at;
      // Up to two quotes may stand before those that close it.
      while (text[at] === quote) at++;
      return at;
    }
  }
  return text.length;
}
