import { withoutTokens } from "../pypi/shown.ts";

/** No path that is answered is longer, and more of one is not shown. Characters. */
const MAX_SHOWN = 2_048;

/** An escaped printable character of ASCII, however many times its percent sign was escaped again (`%25`). No spaces. */
const ESCAPED = /%(?:25)*(2[1-9a-f]|[3-6][\da-f]|7[\da-e])/gi;

/** How often what was unescaped is looked at again: `%2%35` becomes `%25` only then. */
const ROUNDS = 3;

/**
 * A path that a client sent, for the log: without the secrets of tokens and the credentials of addresses in it, escaped or not.
 * Where there are such, it is shown unescaped. Takes a time that is linear in the length that is shown.
 */
export function redacted(path: string): string {
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

/** Without what stands before the last `@`, from the first `//` or `:` on; in a text that was cut, the `@` may have been behind. */
function withoutUser(text: string, isCut: boolean): string {
  const start = /\/\/|:/.exec(text);
  if (!start) return text;
  const end = isCut ? text.length : text.lastIndexOf("@");
  const from = start.index + start[0].length;
  return end < from ? text : `${text.slice(0, from)}…${text.slice(end)}`;
}
