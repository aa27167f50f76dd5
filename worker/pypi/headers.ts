const FIELD = /^([!-9;-~]*):([^]*)$/;

/** The key for lines that parsers read in different ways. No field has this name. */
export const AMBIGUOUS = "";

/**
 * The header fields at the beginning of a text, by name in lower case (RFC 822, as in core metadata and `WHEEL`), read as Python's
 * `email` reads them: up to an empty line, or one that is not a field. A folded value keeps its line ends.
 *
 * `email` skips a line that begins with `:` or `From `, and a folded line after no field, where other parsers end the headers. For
 * `email` a CR alone ends a line, and for uv it does not. Such lines are listed under `AMBIGUOUS`.
 */
export function headersOf(text: string): ReadonlyMap<string, readonly string[]> {
  const fields: { readonly name: string; value: string }[] = [];
  const ambiguous: { readonly name: string; readonly value: string }[] = [];
  let last: (typeof fields)[number] | undefined;
  for (const [, line = "", end] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (end === "\r") ambiguous.push({ name: AMBIGUOUS, value: line });
    if (name) {
      last = { name: name.toLowerCase(), value };
      fields.push(last);
    } else if (/^[ \t]/.test(line) && last) {
      last.value += `\n${line}`;
    } else if (name === "" || /^(?:From |[ \t])/.test(line)) {
      ambiguous.push({ name: AMBIGUOUS, value: line });
      last = undefined;
    } else {
      break;
    }
  }
  return new Map(
    [...Map.groupBy([...fields, ...ambiguous], ({ name }) => name)].map(([name, same]) => [
      name,
      same.map(({ value }) => withoutBlanks(value)),
    ]),
  );
}

/** The value without spaces and tabs around it. For Python, the other characters that `trim` removes belong to the value. */
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start += 1;
  while (start < end && isBlank(value[end - 1])) end -= 1;
  return value.slice(start, end);
}

const isBlank = (character: string | undefined) => character === " " || character === "\t";
