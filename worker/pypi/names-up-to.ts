/** Names for a sentence, at most `most` of them: `a, b and 3 more`. */
export const namesUpTo = (names: readonly string[], most: number): string =>
  names.slice(0, most).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");
