/** Characters that open a table or list, or end a key or a part of one; and those that begin strings and comments, which are skipped. */
const SIGN = /[{[=:."'#]/g;

/**
 * Estimates the tables, lists and keys in a TOML or JSON text without parsing it: counts opening braces and brackets, signs after
 * keys, and dots, outside of strings and comments. After the first syntax error the count means nothing.
 *
 * @param enough counting stops at one above this number
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

/** The position after the string that begins at `start`. One that is not closed ends with its line; a multi-line one with the text. */
function endOfString(text: string, start: number, quote: string): number {
  const long = text.startsWith(quote.repeat(3), start);
  const close = long ? quote.repeat(3) : quote;
  for (let at = start + close.length; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === "\n" && !long) return at;
    else if (text.startsWith(close, at)) {
      at += close.length;
      if (!long) return at;
      // TOML allows up to two quotes directly before the closing three.
      while (text[at] === quote) at++;
      return at;
    }
  }
  return text.length;
}
