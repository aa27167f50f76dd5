const FIELD = /^([!-9;-~]*):([^]*)$/;

/** The name under which lines stand that parsers read in different ways. No field has it. */
export const AMBIGUOUS = "";

/**
 * The header fields at the beginning of a text, by name in lower case (RFC 822, as core metadata and `WHEEL` have them), read
 * as Python's `email` reads them: up to an empty line, or one that is no field. A folded value keeps its line ends.
 *
 * `email` passes over a line that begins with `:` or `From `, and over a folded one that follows no field, where other parsers
 * end the headers; and a CR alone ends a line, where uv goes on with it. Such lines are listed as `AMBIGUOUS`.
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

/** Without the blanks around it, and those alone: what else `trim` takes away belongs to the value for Python. */
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start += 1;
  while (start < end && isBlank(value[end - 1])) end -= 1;
  return value.slice(start, end);
}

const isBlank = (character: string | undefined) => character === " " || character === "\t";
