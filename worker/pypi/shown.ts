/** Characters that a terminal would interpret or that hide or reorder text: controls, line ends, text direction, invisible ones. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200b\ufeff\u{e0000}-\u{e007f}]/u;

const UNPRINTABLES = new RegExp(UNPRINTABLE, "gu");

/** Whether a text has no such character. Joiners are allowed: Persian and many emoji need them. */
export const isPrintable = (text: string) => !UNPRINTABLE.test(text);

/** Untrusted text made safe for a log or a terminal: characters that are not printable become JSON escapes such as `\u202e`. */
export const escaped = (text: string) => text.replace(UNPRINTABLES, escapedCharacter);

function escapedCharacter(character: string): string {
  const first = unit(character.charCodeAt(0));
  return character.length === 1 ? first : first + unit(character.charCodeAt(1));
}

/** `escaped` for each line of a text. */
export const escapedLines = (text: string) => text.split("\n").map(escaped).join("\n");

const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;

/** A token of ours. In lower case and with other separators, too: so it looks after it was read as a project's name. */
const TOKEN = /(pypi[-_.]+edge[-_.]+[\da-f]{1,16}[-_.]+)[\w.-]+/gi;

/** The text with the secrets of tokens replaced by `…`. */
export const withoutTokens = (text: string) => text.replace(TOKEN, "$1…");
