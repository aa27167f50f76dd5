/** What a terminal or a reader takes for something else than a character: controls, line ends, what changes the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200b\ufeff\u{e0000}-\u{e007f}]/u;

const UNPRINTABLES = new RegExp(UNPRINTABLE, "gu");

/** Whether a text has none of those. Joiners are allowed: Persian is written with them, and many an emoji. */
export const isPrintable = (text: string) => !UNPRINTABLE.test(text);

/** A text that somebody else wrote, for a log or a terminal: with `\u202e` for what is not printable, as JSON writes it. */
export const escaped = (text: string) => text.replace(UNPRINTABLES, escapedCharacter);

function escapedCharacter(character: string): string {
  const first = unit(character.charCodeAt(0));
  return character.length === 1 ? first : first + unit(character.charCodeAt(1));
}

/** The same of a text of several lines. */
export const escapedLines = (text: string) => text.split("\n").map(escaped).join("\n");

const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;

/** A token of ours, also as the name of a project, which is then spelled in lower case and with other separators. */
const TOKEN = /(pypi[-_.]+edge[-_.]+[\da-f]{1,16}[-_.]+)[\w.-]+/gi;

/** A text without the secrets of tokens in it. */
export const withoutTokens = (text: string) => text.replace(TOKEN, "$1…");
