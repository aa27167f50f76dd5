import { withoutTokens } from "../pypi/shown.ts";

/** Longer paths are refused, and only this much of them is logged. Characters. */
const MAX_SHOWN = 2_048;

/** An escaped printable ASCII character except space, even if its percent sign was escaped repeatedly (`%25`). */
const ESCAPED = /%(?:25)*(2[1-9a-f]|[3-6][\da-f]|7[\da-e])/gi;

/** How often unescaping is repeated: `%2%35` becomes `%25` only after the first round. */
const ROUNDS = 3;

/**
 * Prepares a client's path for the log: removes tokens' secrets and URLs' credentials, escaped or not. If it removes
 * something, the rest is shown unescaped. Takes time linear in the shown length.
 */
export function redactPath(path: string): string {
  const isCut = path.length > MAX_SHOWN;
  const shown = path.slice(0, MAX_SHOWN);
  const plain = unescaped(shown);
  const safe = withoutTokens(withoutUser(plain, isCut));
  return `${safe === plain ? shown : safe}${isCut ? "…" : ""}`;
}

function unescaped(text: string): string {
  let plain = text;
  for (let round = 0; round < ROUNDS; round++) {
    plain = plain.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return plain;
}

/**
 * Removes everything from the first `//` or `:` to the last `@`. In a cut text the `@` may be missing, so everything is
 * removed.
 */
function withoutUser(text: string, isCut: boolean): string {
  const start = /\/\/|:/.exec(text);
  if (!start) return text;
  const end = isCut ? text.length : text.lastIndexOf("@");
  const from = start.index + start[0].length;
  return end < from ? text : `${text.slice(0, from)}…${text.slice(end)}`;
}
