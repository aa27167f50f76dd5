/**
 * What a terminal or a browser would act on, or not show: controls, line and paragraph separators, formatting characters (those
 * that turn the direction of writing, which can make a name read as another, among them), and halves of surrogate pairs,
 * which are not Unicode text, and for which uv refuses a page.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const BLANKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Formatting characters but for the two joiners, which Persian, Hindi and emoji are written with. */
const FORMATTING = /(?![\u200c\u200d])\p{Cf}/gu;

/** Whether a name has only characters that can be seen: another one is no name. */
export const isVisible = (name: string) => !INVISIBLE.test(name);

/**
 * Others' free text, safe to print: controls and line ends become a blank, formatting characters go, halves of surrogate pairs
 * become U+FFFD.
 */
export const printable = (text: string) =>
  INVISIBLE.test(text) ? text.toWellFormed().replace(BLANKS, " ").replace(FORMATTING, "").trim() : text;
