const FIELD = /^([!-9;-~]+):([^]*)$/;

/**
 * The header fields at the beginning of a text, by name in lower case (RFC 822, as core metadata and `WHEEL` have them). They
 * end where Python's parser ends them: at an empty line, or one that is no field. A folded value keeps its line ends.
 */
export function headersOf(text: string): ReadonlyMap<string, readonly string[]> {
  const folded: { readonly name: string; value: string }[] = [];
  // A line may end in any of the three ways.
  for (const [, line = ""] of text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n|$)/g)) {
    const last = folded.at(-1);
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name !== undefined && value !== undefined) folded.push({ name: name.toLowerCase(), value });
    else if (/^[ \t]/.test(line) && last) last.value += `\n${line}`;
    else break;
  }
  return new Map(
    [...Map.groupBy(folded, ({ name }) => name)].map(([name, fields]) => [
      name,
      fields.map(({ value }) => value.trim()),
    ]),
  );
}
