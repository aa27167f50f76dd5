/**
 * Characters that a terminal or a browser interprets or does not show: controls, line and paragraph separators, and formatting
 * characters, of which those that change the writing direction can make one name look like another. Also halves of surrogate pairs:
 * they are not valid Unicode, and uv refuses a page with one.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const BLANKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Formatting characters except the two joiners, which Persian, Hindi and emoji need. */
const FORMATTING = /(?![\u200c\u200d])\p{Cf}/gu;

/** Whether a name has only visible characters, as every valid name has. */
export const isVisible = (name: string) => !INVISIBLE.test(name);

/**
 * Untrusted text, made safe to print: controls and line ends become a space, formatting characters are removed, and halves of
 * surrogate pairs become U+FFFD.
 */
export const printable = (text: string) =>
  INVISIBLE.test(text) ? text.toWellFormed().replace(BLANKS, " ").replace(FORMATTING, "").trim() : text;
